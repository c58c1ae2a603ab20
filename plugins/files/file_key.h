// Which of the files that a sink has open a row goes to.
#pragma once

#include <memory>
#include <string>

namespace levada::files {

struct FileKey {
  std::string path;                                     // What the file's path begins with.
  std::shared_ptr<const std::string> schema = nullptr;  // Of Avro files, whose rows all have one; else null.

  friend bool operator==(const FileKey& one, const FileKey& other) {
    return one.path == other.path && compare_schemas(one, other) == 0;
  }
  friend bool operator<(const FileKey& one, const FileKey& other) {
    const int paths = one.path.compare(other.path);
    return paths != 0 ? paths < 0 : compare_schemas(one, other) < 0;
  }

 private:
  static int compare_schemas(const FileKey& one, const FileKey& other) {
    if (one.schema == other.schema) return 0;
    return one.schema && other.schema ? one.schema->compare(*other.schema) : one.schema ? 1 : -1;
  }
};

}  // namespace levada::files

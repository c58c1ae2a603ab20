// Where the files of a lake are: a local folder, a bucket of S3, or a folder of HDFS. Paths are
// relative to its root, with "/" between their parts and none in front. A call that fails with
// RETRY may succeed later; what it did is not known. [worker]
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/host.h"
#include "levada/result.h"

namespace levada::lake {

struct StoredFile {
  std::string path;
  uint64_t bytes = 0;
  int64_t modified_ms = 0;  // Since 1970 UTC.
};

// A file that is being written. Destroyed before `finish` it is given up: what there is of it may
// stay under its path, incomplete, until somebody removes it.
class OutputFile {
 public:
  virtual ~OutputFile() = default;
  virtual Done write(std::string_view bytes) = 0;
  // Everything is durable, and seen by all who open the path from now on. Nothing comes behind it.
  virtual Done finish() = 0;
};

class InputFile {
 public:
  virtual ~InputFile() = default;
  virtual uint64_t bytes() const = 0;
  // Reads as many bytes as there are, at most so many; 0 at the end. [any]
  virtual Result<size_t> read(void* to, size_t bytes, uint64_t offset) = 0;
};

class FileStore {
 public:
  virtual ~FileStore() = default;

  // Folders above it are made. A file that is there is replaced.
  virtual Result<std::unique_ptr<OutputFile>> create(const std::string& path) = 0;
  // Finishes them all; where one fails, others may be finished or not. A store may do it faster
  // than one by one.
  virtual Done finish_all(std::vector<std::unique_ptr<OutputFile>> files);
  // Null where there is no such file.
  virtual Result<std::unique_ptr<InputFile>> open(const std::string& path) = 0;
  // Makes the file with these bytes, all of it or nothing, durably; false where there is a file of
  // that name, which is left as it is. Of several who try at once one gets true. After RETRY the
  // file may be there with these bytes: who must know reads it.
  virtual Result<bool> put_if_absent(const std::string& path, std::string_view bytes) = 0;
  // Makes the file, or puts these bytes in place of its content; a reader sees the old or the new.
  virtual Done replace(const std::string& path, std::string_view bytes) = 0;
  // Gives a complete file another path, durably; false where that is taken, or `from` is not there.
  // On S3 a copy and a removal.
  virtual Result<bool> rename(const std::string& from, const std::string& to) = 0;
  // Makes the first of these files of all of them, one behind the other, by steps that each are
  // done or not; the others go. All are in one folder, and none is empty. A call after one that
  // failed goes on, and one more is harmless. False: the store cannot, and nothing was done.
  virtual Result<bool> concatenate(const std::vector<StoredFile>& files);
  // Done also where there is none.
  virtual Done remove(const std::string& path) = 0;
  // The files right in a folder ("" is the root) whose names are greater than `after`, by name;
  // nothing where there is no such folder.
  virtual Result<std::vector<StoredFile>> list(const std::string& folder, const std::string& after = {}) = 0;
  // All files in the folder and below it, in no order. With their paths from the root, as above.
  virtual Result<std::vector<StoredFile>> list_all(const std::string& folder) = 0;
  // For messages: "/data/views", "s3://lake/views".
  virtual const std::string& name() const = 0;
};

// The whole content; nothing where there is no such file.
Result<std::optional<std::string>> read_file(FileStore& store, const std::string& path);

}  // namespace levada::lake

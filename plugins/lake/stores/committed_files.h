// Files of a sink whose last commit is known, and the manifest that says so, in the sink's data
// folder. The manifest is where a commit happens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "levada/host.h"
#include "levada/sdk.h"

namespace levada::lake {

// A file in use. The path is the store's.
struct FilePart {
  std::string path;
  uint64_t bytes = 0;
  bool operator==(const FilePart&) const = default;
};

// A file that does not have its name yet, with committed rows only: it is its parts, one behind the
// other. None of them is empty.
struct CommittedFile {
  std::string name;  // The path in the store that it is to have.
  std::vector<FilePart> parts;
  bool operator==(const CommittedFile&) const = default;
};

struct Committed {
  std::string id;            // In the names of all files that the sink makes; empty before the first commit.
  uint64_t next_number = 0;  // No committed file has had this number, or a higher one.
  std::vector<Position> positions;
  std::vector<CommittedFile> files;
  bool operator==(const Committed&) const = default;
};

class Manifest {
 public:
  // `sink`: its type, which the first line of the manifest has in it.
  Manifest(Files files, std::string folder, std::string_view sink)
      : files_(files), folder_(std::move(folder)), file_(folder_ + "/files"), first_line_(first_line(sink)) {}

  // What the last commit left. FATAL where it is damaged.
  Result<Committed> load() const;
  // This is all there is, durably: the point at which a commit happens.
  Done replace(const Committed& committed);
  // False until the first replace, and after one that failed: what a crash would leave may be
  // either, the old or the new, and no file may go that one of them has.
  bool certain() const { return certain_; }

 private:
  static std::string first_line(std::string_view sink) { return "levada " + std::string(sink) + " sink 2"; }

  const Files files_;
  const std::string folder_, file_, first_line_;
  bool certain_ = false;
  bool made_folder_ = false;
};

}  // namespace levada::lake

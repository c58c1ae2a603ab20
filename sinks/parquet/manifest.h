// What the sink's last commit stands for, kept in its data folder: how far each stream has got, and
// the files that belong to it and do not have their names yet.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "levada/host.h"
#include "levada/sdk.h"

namespace levada::parquet_sink {

// A complete file with committed rows. Both paths are the store's.
struct CompleteFile {
  std::string in_use;
  std::string name;
  bool operator==(const CompleteFile&) const = default;
};

struct Committed {
  std::string id;            // In the names of all files that the sink makes; empty before the first commit.
  uint64_t next_number = 0;  // No committed file has had this number, or a higher one.
  std::vector<Position> positions;
  std::vector<CompleteFile> files;
  bool operator==(const Committed&) const = default;
};

class Manifest {
 public:
  Manifest(Files files, std::string folder) : files_(files), folder_(std::move(folder)), file_(folder_ + "/files") {}

  // What the last commit left. FATAL where it is damaged.
  Result<Committed> load() const;
  // This is all there is, durably: the point at which a commit happens.
  Done replace(const Committed& committed);
  // False until the first replace, and after one that failed: what a crash would leave may be
  // either, the old or the new, and no file may go that one of them has.
  bool certain() const { return certain_; }

 private:
  const Files files_;
  const std::string folder_, file_;
  bool certain_ = false;
  bool made_folder_ = false;
};

}  // namespace levada::parquet_sink

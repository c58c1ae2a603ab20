// What the sink's last commit stands for, kept in its data folder: how far each stream has got, and the files that are
// not under their final names yet. What is done with them after a crash follows from it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "levada/host.h"
#include "levada/sdk.h"

namespace levada::file_sink {

// A file that the sink makes. Under `path` it is in use, under `name` it is complete.
struct Unfinished {
  enum class State {
    fresh,    // No row in it is committed: it goes. It may not even have been made.
    open,     // So many bytes of it are committed; what is behind them goes.
    complete  // All of it is, and only its name is to be changed.
  };
  std::string path;
  std::string name;
  State state = State::fresh;
  uint64_t bytes = 0;
};

struct Committed {
  std::string id;            // In the names of all files that the sink makes; empty before the first commit.
  uint64_t next_number = 0;  // No file has had this number, or a higher one, in its final name.
  std::vector<Position> positions;
  std::vector<Unfinished> files;
};

class Manifest {
 public:
  Manifest(Files files, std::string folder) : files_(files), folder_(std::move(folder)), file_(folder_ + "/files") {}

  // What the last commit left, and files that were begun after it. Fails with FATAL where it is damaged.
  Result<Committed> load() const;
  // The file is going to be made, and is the sink's own from now on, durably. Only while certain.
  Done begin(const Unfinished& file);
  // This is all there is, durably: the point at which a commit happens.
  Done replace(const Committed& committed);
  // False until the first replace, and after a call that failed: what a crash would leave may be either, the old or the
  // new, and no file may be changed that both of them do not give up.
  bool certain() const { return certain_; }

 private:
  const Files files_;
  const std::string folder_, file_;
  File begun_;  // Open where files were begun since the last replace.
  bool certain_ = false;
  bool made_folder_ = false;
};

}  // namespace levada::file_sink

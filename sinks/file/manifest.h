// The sink's list of files that are not under their final names yet, kept in its data folder: what is done with them
// after a crash follows from it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "levada/host.h"

namespace levada {

// A file that the sink has made. Under `path` it is in use, under `name` it is complete.
struct Unfinished {
  std::string path;
  std::string name;
  uint64_t bytes = 0;     // So many of it are committed; what is behind them goes.
  bool complete = false;  // All of it is, and only its name is to be changed.
};

class Manifest {
 public:
  Manifest(Files files, std::string folder) : files_(files), folder_(std::move(folder)), file_(folder_ + "/files") {}

  // What the last commit left, and files that were begun after it.
  Result<std::vector<Unfinished>> load() const;
  // Was made, and is the sink's own. After a replace that succeeded; durable with the next sync or replace.
  Done add(const Unfinished& file);
  Done sync();
  // This is all there is, durably: the point at which a commit has happened.
  Done replace(const std::vector<Unfinished>& files);

 private:
  const Files files_;
  const std::string folder_, file_;
  File added_;  // Open where something was added since the last replace.
};

}  // namespace levada

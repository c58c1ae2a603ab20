// The positions of sinks that cannot keep them: a small file for each sink in the agent's data folder.
#pragma once

#include <string>
#include <vector>

#include "levada/host.h"
#include "levada/sdk.h"

namespace levada::agent {

class PositionStore {
 public:
  PositionStore(Files files, const std::string& data_dir) : files_(files), folder_(data_dir + "/positions") {}

  // What was saved last for that sink; nothing where it never was. A file that is damaged is an error: starting without
  // it would double rows.
  Result<std::vector<Position>> load(const std::string& sink) const;
  // Durable when it returns.
  Done save(const std::string& sink, const std::vector<Position>& positions) const;

 private:
  std::string path(const std::string& sink) const { return folder_ + "/" + sink; }

  const Files files_;
  const std::string folder_;
};

}  // namespace levada::agent

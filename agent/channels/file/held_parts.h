// Parts of batches whose position has not come yet: each is written together with the part that has
// it, for the two count together. Not locked: the channel guards it.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "agent/flow/in_flight.h"

namespace levada::agent {

class HeldParts {
 public:
  void add(InFlight part) { streams_[part.batch.stream].push_back(std::move(part)); }
  // All parts of a batch; those that are held stay until `written`.
  std::vector<InFlight> with(const InFlight& last) const {
    std::vector<InFlight> parts;
    if (const auto held = streams_.find(last.batch.stream); held != streams_.end()) parts = held->second;
    parts.push_back(last);
    return parts;
  }
  void written(const std::string& stream) { streams_.erase(stream); }

 private:
  std::map<std::string, std::vector<InFlight>> streams_;
};

}  // namespace levada::agent

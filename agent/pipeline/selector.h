// Decides which rows of a batch go to which of a source's channels.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "agent/config/topology.h"
#include "levada/batch.h"

namespace levada::agent {

class Selector {
 public:
  // Rows that a load-balancing source may cut its batches at, so that a replay puts
  // every row into the same channel.
  static constexpr uint64_t kBlockRows = 8192;

  // `channels`: the source's channels, by their index in the topology.
  Selector(const SelectorConfig& config, const std::vector<size_t>& channels);

  // A batch for each channel, in the order of `channels`. One may be without
  // rows: it carries the position.
  std::vector<Batch> route(const Batch& batch) const;
  bool cuts_blocks() const { return type_ == SelectorConfig::Type::load_balance; }

 private:
  std::vector<Batch> multiplex(const Batch& batch) const;

  const SelectorConfig::Type type_;
  const size_t count_;
  const std::string column_;
  std::unordered_map<std::string, std::vector<size_t>> targets_;  // By value: numbers of channels.
  std::vector<size_t> default_;
};

}  // namespace levada::agent

// What a run did, for its end: rows by component, dead letters by reason, rows a second.
#pragma once

#include <cstdint>
#include <string>

#include "agent/config/topology.h"
#include "agent/observe/metrics.h"
#include "agent/pipeline/dead_letters.h"

namespace levada::agent {

class Report {
 public:
  // Time counts from here.
  Report(const Topology& topology, const Metrics& metrics, const DeadLetters& dead_letters);
  std::string text() const;

 private:
  std::string line(const std::string& component) const;

  const Topology& topology_;
  const Metrics& metrics_;
  const DeadLetters& dead_letters_;
  const int64_t start_ns_;
};

}  // namespace levada::agent

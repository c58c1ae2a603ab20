// Lets a running agent be seen in its log: the first rejected rows of each component, what each did
// in the last minute, and all of it at the end.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/observe/metrics.h"
#include "agent/pipeline/dead_letters.h"

namespace levada::agent {

// "rows read 1,000", of the counter rows_read.
std::string counter_text(const std::string& counter, int64_t value);

class StatusLog {
 public:
  struct Line {
    std::string component, text;
    bool operator==(const Line&) const = default;
  };

  StatusLog(const Metrics& metrics, const DeadLetters& dead_letters, const levada_clock& clock);

  // The lines that are to be logged now. To be asked about once a second.
  std::vector<Line> due();
  // What each component has done since the start.
  std::vector<Line> summary() const;

 private:
  std::string reason_of(const std::string& component) const;

  const Metrics& metrics_;
  const DeadLetters& dead_letters_;
  const levada_clock& clock_;
  std::chrono::nanoseconds last_;                               // When the components were last logged.
  std::map<std::string, std::map<std::string, int64_t>> then_;  // Counters at that time, by component.
  std::set<std::string> rejecting_;                             // Components whose first rejected rows were logged.
};

}  // namespace levada::agent

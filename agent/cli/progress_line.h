// How far a run to the end is, as one line of a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/observe/backlogs.h"
#include "agent/observe/metrics.h"

namespace levada::agent {

class ProgressLine {
 public:
  // `sources`: their paths. Times are monotonic.
  ProgressLine(const Metrics& metrics, const Backlogs& backlogs, std::vector<std::string> sources,
               std::chrono::nanoseconds now);

  // The line at that time, about once a second: "[##--]  50 %  1,000 rows  100 rows/s  10 s left".
  // Without a bar where no source says how much it has before it.
  std::string text(std::chrono::nanoseconds now);

 private:
  const Metrics& metrics_;
  const Backlogs& backlogs_;
  const std::vector<std::string> sources_;
  double most_left_ = 0;  // The most that was left at a time: that is the whole.
  double speed_ = 0;      // Of what is left, in a second; an average that forgets.
  double last_left_ = 0;
  int64_t last_rows_ = 0;
  double rate_ = 0;  // Rows in a second, likewise.
  std::chrono::nanoseconds last_;
  bool is_first_ = true;
};

}  // namespace levada::agent

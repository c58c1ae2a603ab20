#include "agent/cli/progress_line.h"

#include <algorithm>
#include <cstdio>

#include "agent/base/numbers.h"
#include "agent/cli/top_screen.h"

namespace levada::agent {
namespace {

constexpr size_t kBar = 24;
// How much of an average is of the last second.
constexpr double kFresh = 0.2;

}  // namespace

ProgressLine::ProgressLine(const Metrics& metrics, const Backlogs& backlogs, std::vector<std::string> sources,
                           std::chrono::nanoseconds now)
    : metrics_(metrics), backlogs_(backlogs), sources_(std::move(sources)), last_(now) {}

std::string ProgressLine::text(std::chrono::nanoseconds now) {
  double left = 0;
  int64_t rows = 0;
  bool is_known = true;
  for (const auto& source : sources_) {
    rows += metrics_.value(source, "rows_read");
    const auto items = backlogs_.of(source);
    for (const auto& item : items) {
      is_known &= item.total >= 0;
      left += static_cast<double>(std::max<int64_t>(item.total - item.done, 0));
    }
  }
  const double seconds = std::max(std::chrono::duration<double>(now - last_).count(), 1e-3);
  const auto blend = [&](double& average, double value) {
    average = is_first_ ? value : average + kFresh * (value - average);
  };
  blend(rate_, static_cast<double>(rows - last_rows_) / seconds);
  if (most_left_ > 0) blend(speed_, (last_left_ - left) / seconds);
  most_left_ = std::max(most_left_, left);
  last_left_ = left;
  last_rows_ = rows;
  last_ = now;
  is_first_ = false;

  std::string line;
  if (is_known && most_left_ > 0) {
    const double share = 1 - left / most_left_;
    const auto full = static_cast<size_t>(share * kBar);
    char percent[16];
    std::snprintf(percent, sizeof percent, "%3.0f %%", share * 100);
    line = "[" + std::string(full, '#') + std::string(kBar - full, '-') + "] " + percent + "  ";
  }
  line += grouped(rows) + " rows  " + short_number(std::max(rate_, 0.0)) + " rows/s";
  if (is_known && left > 0 && speed_ > 0) line += "  about " + short_time(left / speed_) + " left";
  return line;
}

}  // namespace levada::agent

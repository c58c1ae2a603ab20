#include "agent/cli/status_log.h"

#include <algorithm>

#include "agent/base/numbers.h"

namespace levada::agent {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kEvery = std::chrono::minutes(1);

}  // namespace

std::string counter_text(const std::string& counter, int64_t value) {
  std::string name = counter;
  std::replace(name.begin(), name.end(), '_', ' ');
  return name + " " + grouped(value);
}

StatusLog::StatusLog(const Metrics& metrics, const DeadLetters& dead_letters, const levada_clock& clock)
    : metrics_(metrics), dead_letters_(dead_letters), clock_(clock), last_(clock.monotonic(clock.context)) {}

std::vector<StatusLog::Line> StatusLog::due() {
  std::vector<Line> lines;
  const nanoseconds now{clock_.monotonic(clock_.context)};
  const bool is_minute = now - last_ >= kEvery;
  if (is_minute) last_ = now;
  for (const auto& component : metrics_.components()) {
    const auto counters = metrics_.of(component);
    const auto rejected = counters.find("rows_rejected");
    if (rejected != counters.end() && rejecting_.insert(component).second)
      lines.push_back({component, "rejects rows, " + grouped(rejected->second) + " so far" + reason_of(component)});
    if (!is_minute) continue;
    auto& then = then_[component];
    std::string text;
    for (const auto& [counter, value] : counters)
      if (const auto more = value - then[counter]; more != 0)
        text +=
            (text.empty() ? "" : ", ") + counter_text(counter, value) + (more > 0 ? " (+" : " (") + grouped(more) + ")";
    if (!text.empty()) lines.push_back({component, std::move(text)});
    then = counters;
  }
  return lines;
}

std::vector<StatusLog::Line> StatusLog::summary() const {
  std::vector<Line> lines;
  for (const auto& component : metrics_.components()) {
    std::string text;
    for (const auto& [counter, value] : metrics_.of(component))
      text += (text.empty() ? "" : ", ") + counter_text(counter, value);
    if (!text.empty()) lines.push_back({component, "in all: " + text});
  }
  if (const auto rows = dead_letters_.rows(); rows > 0)
    lines.push_back({"dead letters", "in all: rows " + grouped(rows) + " in " + dead_letters_.folder()});
  return lines;
}

// Where its rows are in the dead letters.
std::string StatusLog::reason_of(const std::string& component) const {
  for (const auto& count : dead_letters_.counts())
    if (count.component == component) return "; they are in the dead letters, most with the reason: " + count.reason;
  return "";
}

}  // namespace levada::agent

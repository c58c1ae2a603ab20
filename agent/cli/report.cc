#include "agent/cli/report.h"

#include <algorithm>
#include <cstdio>

#include "agent/base/numbers.h"
#include "agent/cli/status_log.h"
#include "agent/env/system_clock.h"
#include "agent/observe/outcomes.h"

namespace levada::agent {
namespace {

constexpr size_t kReasonsMax = 10;

std::string padded(std::string text, size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

// What has come of each thing that the source was to bring, a line for each.
std::string outcome_lines(const std::string& source) {
  std::string all;
  for (const auto& item : outcomes_of(source)) {
    const char* state = item.state == LEVADA_OUTCOME_GOOD        ? "good"
                        : item.state == LEVADA_OUTCOME_UNCHANGED ? "unchanged"
                        : item.state == LEVADA_OUTCOME_FAILED    ? "FAILED"
                                                                 : "pending";
    all += "  " + padded(item.name, 26) + "  " + padded(state, 9);
    if (item.status > 0) all += "  status " + std::to_string(item.status);
    all += "  rows " + grouped(item.rows) + "  bytes " + grouped(item.bytes);
    if (!item.reason.empty()) all += "  " + item.reason;
    all += "\n";
  }
  return all;
}

}  // namespace

Report::Report(const Topology& topology, const Metrics& metrics, const DeadLetters& dead_letters)
    : topology_(topology),
      metrics_(metrics),
      dead_letters_(dead_letters),
      start_ns_(system_clock()->monotonic(nullptr)) {}

std::string Report::line(const std::string& component) const {
  std::string counts;
  for (const auto& [counter, value] : metrics_.of(component)) counts += "  " + counter_text(counter, value);
  return padded(component, 28) + (counts.empty() ? "  nothing" : counts) + "\n";
}

std::string Report::text() const {
  std::string all;
  int64_t read = 0;
  for (const auto& source : topology_.sources) {
    all += line(source.path) + outcome_lines(source.path);
    read += metrics_.value(source.path, "rows_read");
  }
  for (const auto& interceptor : topology_.interceptors) all += line(interceptor.path);
  for (const auto& sink : topology_.sinks) all += line(sink.path);
  for (const auto& group : topology_.sink_groups) all += line(group.path);
  if (dead_letters_.rows() > 0) {
    all +=
        padded("dead letters", 28) + "  rows " + grouped(dead_letters_.rows()) + " in " + dead_letters_.folder() + "\n";
    size_t shown = 0;
    for (const auto& count : dead_letters_.counts()) {
      if (shown++ == kReasonsMax) break;
      all += "  " + padded(grouped(count.rows), 12) + count.component + ": " + count.reason + "\n";
    }
  }
  const double seconds = static_cast<double>(system_clock()->monotonic(nullptr) - start_ns_) / 1e9;
  char took[96];
  std::snprintf(took, sizeof took, "%.2f s, %s rows a second\n", seconds,
                grouped(static_cast<int64_t>(static_cast<double>(read) / std::max(seconds, 1e-3))).c_str());
  return all + took;
}

}  // namespace levada::agent

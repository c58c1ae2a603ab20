#include "agent/status/history.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>
#include <utility>

#include "agent/base/json_writer.h"

namespace levada::agent {
namespace {

using Kind = TopologyView::Kind;

// What is kept of a component: counters as rates, gauges as they are.
struct Watch {
  const char *name, *unit;
  enum class From { counter, gauge, backlog } from;
};
constexpr auto kCounter = Watch::From::counter;
constexpr auto kGauge = Watch::From::gauge;

constexpr Watch kOfSource[] = {{"rows_read", "rows/s", kCounter},
                               {"bytes_read", "bytes/s", kCounter},
                               {"rows_rejected", "rows/s", kCounter},
                               {"backlog", "left", Watch::From::backlog}};
constexpr Watch kOfInterceptor[] = {
    {"rows_out", "rows/s", kCounter}, {"rows_in", "rows/s", kCounter}, {"rows_rejected", "rows/s", kCounter}};
constexpr Watch kOfChannel[] = {{"rows_waiting", "rows", kGauge}, {"bytes_waiting", "bytes", kGauge}};
constexpr Watch kOfSink[] = {
    {"rows_written", "rows/s", kCounter}, {"rows_rejected", "rows/s", kCounter}, {"calls_failed", "calls/s", kCounter}};

std::span<const Watch> watches_of(Kind kind) {
  switch (kind) {
    case Kind::source: return kOfSource;
    case Kind::interceptor: return kOfInterceptor;
    case Kind::channel: return kOfChannel;
    default: return kOfSink;
  }
}

constexpr size_t kSparkline = 120;

void write_ring(JsonWriter& json, const Ring& ring, size_t most) {
  json.begin_array();
  for (size_t number = std::min(ring.size(), most); number > 0; --number)
    json.number(static_cast<double>(ring.back(number - 1)), 5);
  json.end_array();
}

}  // namespace

double Ring::average(size_t count) const {
  count = std::min(count, count_);
  if (count == 0) return 0;
  double sum = 0;
  for (size_t number = 0; number < count; ++number) sum += back(number);
  return sum / static_cast<double>(count);
}

void History::add(Track& track, const std::vector<double>& values, size_t times) {
  for (size_t time = 0; time < times; ++time) {
    const bool is_coarse = ++track.steps % kStep == 0;
    for (size_t at = 0; at < values.size(); ++at) {
      auto& series = track.series[at];
      series.fine.add(static_cast<float>(values[at]));
      series.sum += values[at];
      if (!is_coarse) continue;
      series.coarse.add(static_cast<float>(series.sum / kStep));
      series.sum = 0;
    }
  }
}

void History::rate_named(const std::string& component, Track& track, double seconds, bool is_new,
                         std::vector<double>& values) {
  const size_t fixed = values.size();
  for (const auto& [name, value] : watched_.metrics.of(component)) {
    if (name.find(':') == name.npos) continue;
    const auto known = std::find_if(track.series.begin() + static_cast<ptrdiff_t>(fixed), track.series.end(),
                                    [&name = name](const auto& series) { return series.name == name; });
    const auto at = static_cast<size_t>(known - track.series.begin());
    if (at == track.series.size()) {
      if (at >= fixed + kNamed) continue;
      track.series.push_back({name, "rows/s"});
      track.last.push_back(0);
    }
    values.resize(track.series.size());
    const auto more = value - std::exchange(track.last[at], value);
    values[at] = is_new ? 0 : static_cast<double>(more) / seconds;
  }
  values.resize(track.series.size());
}

void History::sample(const TopologyView& view, const ProcessUsage& usage) {
  const std::lock_guard lock(mutex_);
  const auto now = watched_.monotonic();
  const bool is_first = sampled_.count() == 0;
  const double seconds = std::max(std::chrono::duration<double>(now - sampled_).count(), 0.001);
  // Where a second was missed, what came in it is spread over both.
  const auto times = is_first ? 1 : std::clamp<size_t>(static_cast<size_t>(std::lround(seconds)), 1, kFine);
  sampled_ = now;
  wall_ = watched_.now();

  std::set<std::string> seen = {kAgent};
  for (const auto& component : view.components) {
    if (seen.size() > kComponents) break;
    seen.insert(component.path);
    const auto watches = watches_of(component.kind);
    const auto [found, is_new] = tracks_.try_emplace(component.path);
    auto& track = found->second;
    if (is_new) {
      for (const auto& watch : watches) track.series.push_back({watch.name, watch.unit});
      track.last.resize(watches.size());
    }
    std::vector<double> values;
    for (size_t at = 0; at < watches.size(); ++at) {
      if (watches[at].from == Watch::From::backlog) {
        double left = 0;
        for (const auto& item : watched_.backlogs.of(component.path))
          left += static_cast<double>(std::max<int64_t>(item.total - item.done, 0));
        values.push_back(left);
        continue;
      }
      const bool is_counter = watches[at].from == kCounter;
      const auto value = is_counter ? watched_.metrics.value(component.path, watches[at].name)
                                    : watched_.metrics.gauge_value(component.path, watches[at].name);
      const auto more = value - std::exchange(track.last[at], value);
      if (!is_counter) values.push_back(static_cast<double>(value));
      else values.push_back(is_first || is_new ? 0 : static_cast<double>(more) / seconds);
    }
    rate_named(component.path, track, seconds, is_first || is_new, values);
    add(track, values, times);
  }
  std::erase_if(tracks_, [&](const auto& each) { return !seen.contains(each.first); });

  auto& agent = tracks_[kAgent];
  if (agent.series.empty()) {
    agent.series.push_back({"cpu", "cores"});
    agent.series.push_back({"memory", "bytes"});
    agent.series.push_back({"resident", "bytes"});
  }
  const auto cpu = is_first ? 0 : (usage.cpu_seconds - cpu_seconds_) / seconds;
  cpu_seconds_ = usage.cpu_seconds;
  add(agent, {cpu, static_cast<double>(watched_.memory.in_use()), static_cast<double>(usage.resident_bytes)}, times);
}

const History::Series* History::find(const std::string& component, const std::string& series) const {
  const auto track = tracks_.find(component);
  if (track == tracks_.end()) return nullptr;
  const auto found = std::ranges::find_if(track->second.series, [&](const auto& each) { return series == each.name; });
  return found == track->second.series.end() ? nullptr : &*found;
}

double History::recent(const std::string& component, const std::string& series, size_t seconds) const {
  const std::lock_guard lock(mutex_);
  const auto* found = find(component, series);
  return found ? found->fine.average(seconds) : 0;
}

double History::decrease(const std::string& component, const std::string& series, size_t seconds) const {
  const std::lock_guard lock(mutex_);
  const auto* found = find(component, series);
  if (!found || found->fine.size() < 2) return 0;
  // From nothing at all it does not shrink: what was before that is over.
  size_t span = 0;
  while (span < std::min(seconds, found->fine.size() - 1) && found->fine.back(span + 1) > 0) ++span;
  if (span == 0) return 0;
  return (found->fine.back(span) - found->fine.back(0)) / static_cast<double>(span);
}

std::string History::json(const std::string& component) const {
  const std::lock_guard lock(mutex_);
  const auto track = tracks_.find(component);
  if (track == tracks_.end()) return {};
  JsonWriter json;
  json.begin_object();
  json.member("component", component);
  json.member("end", std::chrono::duration<double>(wall_).count());
  // The last coarse value ends so many seconds before the last fine one.
  json.member("coarse_behind", static_cast<int64_t>(track->second.steps % kStep));
  json.key("series").begin_array();
  for (const auto& series : track->second.series) {
    json.begin_object().member("name", series.name).member("unit", series.unit);
    json.key("fine");
    write_ring(json, series.fine, kFine);
    json.key("coarse");
    write_ring(json, series.coarse, kCoarse);
    json.end_object();
  }
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

std::string History::sparklines() const {
  const std::lock_guard lock(mutex_);
  JsonWriter json;
  json.begin_object();
  for (const auto& [component, track] : tracks_) {
    json.key(component);
    write_ring(json, track.series.front().fine, kSparkline);
  }
  json.end_object();
  return std::move(json).take() + "\n";
}

}  // namespace levada::agent

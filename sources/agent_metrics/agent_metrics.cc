#include "agent_metrics.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace levada::agent_metrics {
namespace {

using std::chrono::nanoseconds;

// "source" of "sources.clicks"; what has no kind is the agent itself.
std::string_view kind_of(std::string_view component) {
  for (const std::string_view kind : {"source", "interceptor", "channel", "sink"})
    if (component.starts_with(kind) && component.substr(kind.size()).starts_with("s.")) return kind;
  return "agent";
}

}  // namespace

Result<std::unique_ptr<AgentMetrics>> AgentMetrics::create(Settings settings, Host host) {
  if (settings.interval < std::chrono::milliseconds(1)) return wrong("interval", "must be at least 1ms");
  return std::unique_ptr<AgentMetrics>(new AgentMetrics(settings, host));
}

Done AgentMetrics::open(std::span<const Position> positions) {
  // Readings are counted on, so that no position comes twice.
  for (const auto& [stream, position, sequence] : positions)
    std::from_chars(position.data(), position.data() + position.size(), readings_);
  return {};
}

Result<Batch> AgentMetrics::poll(nanoseconds timeout) {
  if (host_.until_drained() && has_read_) return end();
  if (!wait(timeout)) return idle();
  return read();
}

bool AgentMetrics::wait(nanoseconds timeout) {
  const auto left = [&] { return has_read_ ? last_ + settings_.interval - host_.monotonic() : nanoseconds(0); };
  std::unique_lock lock(mutex_);
  if (left().count() > 0) woken_.wait_for(lock, std::min(left(), timeout), [&] { return is_woken_; });
  const bool woken = std::exchange(is_woken_, false);
  return !woken && left().count() <= 0;
}

void AgentMetrics::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  woken_.notify_one();
}

Result<Batch> AgentMetrics::read() {
  const auto now = host_.monotonic();
  const int64_t time = std::chrono::duration_cast<std::chrono::microseconds>(host_.now()).count();
  const double seconds = std::chrono::duration<double>(now - last_).count();
  readings_count_.add();
  TextBuilder kinds, components, names;
  ValueBuilder<int64_t> times, values;
  ValueBuilder<double> rates;
  const bool shown = host_.each_counter([&](std::string_view component, std::string_view name, int64_t value) {
    times.append(time);
    kinds.append(kind_of(component));
    components.append(component);
    names.append(name);
    values.append(value);
    // One that is new has counted from 0.
    auto& counted = counted_[std::string(component) + ' ' + std::string(name)];
    if (has_read_ && seconds > 0) rates.append(static_cast<double>(value - counted) / seconds);
    else rates.append_null();
    counted = value;
  });
  if (!shown) return fatal("this agent does not show its counters: it is older than the plugin");
  has_read_ = true;
  last_ = now;
  Batch batch(values.rows());
  batch.set(std::move(times).finish("time", Type::timestamp));
  batch.set(std::move(kinds).finish("kind", Type::text));
  batch.set(std::move(components).finish("component", Type::text));
  batch.set(std::move(names).finish("name", Type::text));
  batch.set(std::move(values).finish("value", Type::int64));
  batch.set(std::move(rates).finish("rate", Type::float64));
  batch.position = std::to_string(++readings_);
  return batch;
}

}  // namespace levada::agent_metrics

LEVADA_PLUGIN("agent_metrics", "0.1.0", "Apache-2.0",
              levada::source<levada::agent_metrics::AgentMetrics>(
                  "agent_metrics", "The agent's own counters as rows, read at an interval."))

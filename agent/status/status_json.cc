#include "agent/status/status_json.h"

#include <algorithm>

#include "agent/base/json_writer.h"

namespace levada::agent {
namespace {

using Kind = TopologyView::Kind;

// Rates are averages of so many seconds.
constexpr size_t kRateSeconds = 5, kDrainSeconds = 30;

// Time until nothing is left, at the speed of the last half minute.
void write_drain(JsonWriter& json, const History& history, const std::string& component, const char* series,
                 double left) {
  const auto speed = history.decrease(component, series, kDrainSeconds);
  json.member("shrinks", speed);
  json.key("seconds_left");
  if (left <= 0) json.number(int64_t{0});
  else if (speed > 0) json.number(left / speed, 6);
  else json.null();
}

void write_backlog(JsonWriter& json, const Watched& watched, const History& history, const std::string& component) {
  const auto items = watched.backlogs.of(component);
  if (items.empty()) return;
  double left = 0;
  for (const auto& item : items) left += static_cast<double>(std::max<int64_t>(item.total - item.done, 0));
  json.key("backlog").begin_object();
  json.member("unit", items.front().unit == LEVADA_BACKLOG_BYTES ? "bytes" : "rows").member("left", left);
  write_drain(json, history, component, "backlog", left);
  json.key("items").begin_array();
  for (const auto& item : items) {
    json.begin_object().member("name", item.name).member("count", item.count);
    json.member("done", item.done).member("total", item.total).end_object();
  }
  json.end_array().end_object();
}

void write_component(JsonWriter& json, const Watched& watched, const History& history,
                     const TopologyView::Component& component) {
  json.begin_object().member("path", component.path).member("kind", name_of(component.kind));
  json.member("name", component.name).member("type", component.type);
  json.key("counters").begin_object();
  for (const auto& [name, value] : watched.metrics.of(component.path)) json.member(name, value);
  json.end_object();
  json.key("rates").begin_object();
  const auto rate = [&](const char* name) { json.member(name, history.recent(component.path, name, kRateSeconds)); };
  const auto level = [&](const char* name) { json.member(name, watched.metrics.gauge_value(component.path, name)); };
  const auto end_rates = [&] { json.end_object(); };
  const auto write_failing = [&] {
    const auto since = watched.metrics.gauge_value(component.path, "failing_since");
    json.member("state", since == 0 ? "works" : since < 0 ? "not open" : "fails");
  };
  switch (component.kind) {
    case Kind::source: {
      rate("rows_read");
      rate("bytes_read");
      end_rates();
      write_failing();
      const auto since = watched.metrics.gauge_value(component.path, "oldest_unacknowledged_since");
      const auto age = since > 0 ? watched.monotonic() - std::chrono::nanoseconds(since) : std::chrono::nanoseconds{0};
      json.member("oldest_unacknowledged_seconds", std::max(0.0, std::chrono::duration<double>(age).count()));
      write_backlog(json, watched, history, component.path);
      break;
    }
    case Kind::interceptor:
      rate("rows_in");
      rate("rows_out");
      end_rates();
      break;
    case Kind::channel: {
      end_rates();
      level("rows_waiting");
      level("bytes_waiting");
      level("capacity_bytes");
      const auto rows = watched.metrics.gauge_value(component.path, "rows_waiting");
      write_drain(json, history, component.path, "rows_waiting", static_cast<double>(rows));
      break;
    }
    default:
      rate("rows_written");
      end_rates();
      if (!component.channels.empty()) write_failing();
  }
  json.end_object();
}

}  // namespace

std::string topology_json(const TopologyView& view) {
  JsonWriter json;
  json.begin_object();
  constexpr std::pair<Kind, const char*> kTables[] = {{Kind::source, "sources"},
                                                      {Kind::interceptor, "interceptors"},
                                                      {Kind::channel, "channels"},
                                                      {Kind::sink_group, "sink_groups"},
                                                      {Kind::sink, "sinks"}};
  for (const auto& [kind, table] : kTables) {
    json.key(table).begin_array();
    for (const auto& component : view.components) {
      if (component.kind != kind) continue;
      json.begin_object().member("path", component.path).member("name", component.name);
      json.member("type", component.type);
      if (!component.interceptors.empty()) json.texts("interceptors", component.interceptors);
      if (!component.channels.empty()) json.texts("channels", component.channels);
      if (!component.sinks.empty()) json.texts("sinks", component.sinks);
      json.end_object();
    }
    json.end_array();
  }
  json.key("edges").begin_array();
  for (const auto& [from, to] : view.edges) json.begin_object().member("from", from).member("to", to).end_object();
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

std::string status_json(const Watched& watched, const TopologyView& view, const History& history,
                        const ProcessUsage& usage, const Health& health) {
  const auto now = std::chrono::duration<double>(watched.now()).count();
  JsonWriter json;
  json.begin_object().member("version", watched.version).member("configuration", view.file).member("time", now);
  json.member("start", usage.start_seconds);
  json.key("process").begin_object();
  json.member("cpu_seconds", usage.cpu_seconds).member("cpu", history.recent(History::kAgent, "cpu", kRateSeconds));
  json.member("resident_bytes", usage.resident_bytes).member("threads", usage.threads);
  json.member("memory_bytes", watched.memory.in_use()).member("memory_limit_bytes", view.memory_bytes);
  json.end_object();
  json.key("health").raw(health.json());
  json.member("dead_letters", watched.letters.rows());
  json.key("components").begin_array();
  for (const auto& component : view.components) write_component(json, watched, history, component);
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

std::string dead_letters_json(const Watched& watched, const TopologyView& view) {
  JsonWriter json;
  json.begin_object().member("rows", watched.letters.rows()).member("folder", view.dead_letters);
  json.key("reasons").begin_array();
  for (const auto& [component, reason, rows] : watched.letters.reasons())
    json.begin_object().member("component", component).member("reason", reason).member("rows", rows).end_object();
  json.end_array().key("latest").begin_array();
  for (const auto& row : watched.letters.latest()) json.raw(row);
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

std::string configuration_json(const TopologyView& view) {
  JsonWriter json;
  json.begin_object().member("file", view.file).member("agent", view.agent);
  json.key("components").begin_array();
  for (const auto& component : view.components)
    json.begin_object().member("path", component.path).member("options", component.options).end_object();
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

std::string plugins_json(const TopologyView& view) {
  JsonWriter json;
  json.begin_object().key("plugins").begin_array();
  for (const auto& plugin : view.plugins) {
    json.begin_object().member("name", plugin.name).member("version", plugin.version);
    json.member("license", plugin.license).member("file", plugin.file).member("state", plugin.state).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

}  // namespace levada::agent

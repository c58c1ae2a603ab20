#include "agent/status/health.h"

#include "agent/base/json_writer.h"
#include "agent/observe/open_gauge.h"

namespace levada::agent {

std::string Health::json() const {
  JsonWriter json;
  json.begin_object().member("live", true).member("ready", ready).member("progressing", progressing);
  json.key("problems").begin_array();
  for (const auto& problem : problems) {
    json.begin_object().member("component", problem.component).member("what", problem.what);
    json.member("seconds", problem.seconds).end_object();
  }
  json.end_array().end_object();
  return std::move(json).take() + "\n";
}

Health health_of(const Watched& watched, const TopologyView& view, bool started) {
  Health health;
  if (!started) {
    health.ready = false;
    health.problems.push_back({"agent", "is starting: its channels are not open yet", 0});
    return health;
  }
  const auto now = watched.monotonic();
  for (const auto& component : view.components) {
    const bool is_runner = component.kind == TopologyView::Kind::source ||
                           component.kind == TopologyView::Kind::sink_group ||
                           (component.kind == TopologyView::Kind::sink && !component.channels.empty());
    if (!is_runner) continue;
    const auto since = watched.metrics.gauge_value(component.path, "failing_since");
    if (since == OpenGauge::kWorks) continue;
    if (since == OpenGauge::kNeverOpened) {
      health.ready = false;
      health.problems.push_back({component.path, "is not open yet", 0});
      continue;
    }
    const auto failing = now - std::chrono::nanoseconds(since);
    if (failing > Health::kFailingPatience) health.ready = false;
    health.problems.push_back(
        {component.path, "fails; it is tried again: see the log", std::chrono::duration<double>(failing).count()});
  }
  for (const auto& name : watched.progress.failed()) {
    health.progressing = false;
    std::erase_if(health.problems, [&](const auto& problem) { return problem.component == name; });
    health.problems.push_back({name, "cannot go on: see the log", 0});
  }
  for (const auto& stuck : watched.progress.stuck(now, Health::kStuckPatience)) {
    health.progressing = false;
    health.problems.push_back(
        {stuck.name, "hangs in a call of its plugin", std::chrono::duration<double>(stuck.duration).count()});
  }
  return health;
}

}  // namespace levada::agent

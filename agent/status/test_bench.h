// What the status server looks at, in a test's hands.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "agent/status/topology_view.h"
#include "agent/status/watched.h"

namespace levada::agent::testing {

struct StatusBench {
  std::chrono::nanoseconds time = std::chrono::hours(1);  // By both clocks.
  const levada_clock clock{sizeof(levada_clock), this,
                           [](void* bench) { return static_cast<StatusBench*>(bench)->time.count(); },
                           [](void* bench) { return static_cast<StatusBench*>(bench)->time.count(); }};
  Metrics metrics;
  MemoryPool memory;
  Taps taps;
  Backlogs backlogs;
  LatestLetters letters;
  Progress progress;
  const Watched watched{"1.2.3", metrics, memory, taps, backlogs, letters, progress, clock};

  // spool -> clean -> main -> out, which is alone in a group's place.
  static std::shared_ptr<const TopologyView> view() {
    using Kind = TopologyView::Kind;
    auto made = std::make_shared<TopologyView>();
    made->file = "agent.toml";
    made->memory_bytes = 1000;
    made->components = {
        {Kind::source, "sources.in", "in", "spool", "path = \"/in\"\n", {"interceptors.clean"}, {"channels.main"}, {}},
        {Kind::interceptor, "interceptors.clean", "clean", "clean_json", "", {}, {}, {}},
        {Kind::channel, "channels.main", "main", "memory", "", {}, {}, {}},
        {Kind::sink, "sinks.out", "out", "file", "", {}, {"channels.main"}, {}}};
    made->edges = {
        {"sources.in", "interceptors.clean"}, {"interceptors.clean", "channels.main"}, {"channels.main", "sinks.out"}};
    return made;
  }
};

}  // namespace levada::agent::testing

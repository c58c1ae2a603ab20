// Whether the agent does what it is there for, and if not, what is in the way.
#pragma once

#include <string>
#include <vector>

#include "agent/status/topology_view.h"
#include "agent/status/watched.h"

namespace levada::agent {

struct Health {
  // Of a call that fails again and again: so long it may, before the agent counts as not ready.
  static constexpr auto kFailingPatience = std::chrono::minutes(1);
  // Of a call that does not come back.
  static constexpr auto kStuckPatience = std::chrono::minutes(1);

  struct Problem {
    std::string component, what;
    double seconds;  // For how long; 0: not known.
  };
  bool ready = true;        // Everything is open, and works or has failed for a short time only.
  bool progressing = true;  // Nothing has stopped for good.
  std::vector<Problem> problems;

  bool good() const { return ready && progressing; }
  std::string json() const;
};

// `started`: the pipeline's threads run.
Health health_of(const Watched& watched, const TopologyView& view, bool started);

}  // namespace levada::agent

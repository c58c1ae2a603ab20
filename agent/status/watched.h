// What the status server looks at: services that live as long as the agent, whatever becomes of the
// pipeline meanwhile.
#pragma once

#include <string>

#include "agent/env/memory_pool.h"
#include "agent/observe/backlogs.h"
#include "agent/observe/latest_letters.h"
#include "agent/observe/metrics.h"
#include "agent/observe/progress.h"
#include "agent/observe/tap.h"
#include "levada/plugin.h"

namespace levada::agent {

struct Watched {
  std::string version;  // Of the agent.
  const Metrics& metrics;
  const MemoryPool& memory;
  Taps& taps;
  const Backlogs& backlogs;
  const LatestLetters& letters;
  const Progress& progress;
  const levada_clock& clock;

  std::chrono::nanoseconds monotonic() const { return std::chrono::nanoseconds(clock.monotonic(clock.context)); }
  std::chrono::nanoseconds now() const { return std::chrono::nanoseconds(clock.now(clock.context)); }
};

}  // namespace levada::agent

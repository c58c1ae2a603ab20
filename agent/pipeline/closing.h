// Closes a component before it is destroyed.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include "agent/observe/log.h"
#include "levada/plugin.h"
#include "levada/result.h"

namespace levada::agent {

// Asks it again until it is through; after `end`, a monotonic time, it is given up. Whether it
// closed well: errors are logged.
template <class Component>
bool close_until(Component& component, std::chrono::nanoseconds end, const levada_clock& clock) {
  using std::chrono::nanoseconds;
  for (;;) {
    const nanoseconds left = std::max(end - nanoseconds{clock.monotonic(clock.context)}, nanoseconds{0});
    const auto done = component.close(left);
    if (done) return true;
    if (done.code() == Code::idle && left.count() > 0) continue;
    const bool late = done.code() == Code::idle;
    log_error(component.name(),
              "close: " + (late ? std::string("it was not through in time, and is given up") : done.error().message));
    return false;
  }
}

}  // namespace levada::agent

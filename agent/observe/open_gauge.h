// Whether a source or sink works: it was opened, and does not fail now.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "agent/observe/metrics.h"

namespace levada::agent {

class OpenGauge {
 public:
  // Values of the gauge "failing_since"; any other is the monotonic time since when it fails.
  static constexpr int64_t kNeverOpened = -1, kWorks = 0;

  OpenGauge(Metrics& metrics, const std::string& component) : since_(metrics.gauge(component, "failing_since")) {
    since_.set(kNeverOpened);
  }
  void works() {
    if (std::exchange(state_, State::works) != State::works) since_.set(kWorks);
  }
  void fails(std::chrono::nanoseconds now) {
    if (state_ == State::works) since_.set(now.count());
    if (state_ == State::works) state_ = State::fails;
  }

 private:
  enum class State { never_opened, works, fails };
  const Gauge since_;
  State state_ = State::never_opened;
};

}  // namespace levada::agent

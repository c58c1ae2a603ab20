// Whether a source or sink works: it was opened, and does not fail now.
#pragma once

#include <chrono>
#include <cstdint>
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
  // Both say it anew each time: a reload that comes to nothing has made a gauge of the same
  // component, and dropped it.
  void works() {
    state_ = State::works;
    since_.set(kWorks);
  }
  void fails(std::chrono::nanoseconds now) {
    if (state_ == State::never_opened) return;
    if (std::exchange(state_, State::fails) == State::works) failing_since_ = now.count();
    since_.set(failing_since_);
  }

 private:
  enum class State { never_opened, works, fails };
  const Gauge since_;
  State state_ = State::never_opened;
  int64_t failing_since_ = 0;
};

}  // namespace levada::agent

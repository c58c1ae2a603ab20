// How long to wait before something that failed is tried again: twice as
// long each time, up to a limit.
#pragma once

#include <algorithm>
#include <chrono>

namespace levada::agent {

class Backoff {
 public:
  using nanoseconds = std::chrono::nanoseconds;
  Backoff(nanoseconds initial, nanoseconds max) : initial_(initial), max_(max), next_(initial) {}

  // Failed at `now`.
  void failed(nanoseconds now) {
    until_ = now + next_;
    next_ = std::min(2 * next_, max_);
  }
  void succeeded() {
    next_ = initial_;
    until_ = {};
  }
  // How long is left to wait; 0: try again.
  nanoseconds left(nanoseconds now) const { return std::max(until_ - now, nanoseconds{0}); }

 private:
  nanoseconds initial_, max_, next_;
  nanoseconds until_{};
};

}  // namespace levada::agent

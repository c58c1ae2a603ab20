// When results are given early: so long after the first row that no early result has told of.
#pragma once

#include <chrono>
#include <optional>

#include "levada/host.h"

namespace levada::window {

class EarlyClock {
 public:
  // `every`: none, and it is never time.
  EarlyClock(std::optional<std::chrono::nanoseconds> every, Host host) : every_(every), host_(host) {}

  // `waits`: whether there are such rows.
  void set(bool waits) {
    if (!every_ || !waits) at_ = kNever;
    else if (at_ == kNever) at_ = host_.monotonic() + *every_;
  }
  std::chrono::nanoseconds deadline() const { return at_; }
  // Whether the time has come; it is not set then any more.
  bool take(std::chrono::nanoseconds now) {
    if (now < at_) return false;
    at_ = kNever;
    return true;
  }

 private:
  static constexpr auto kNever = std::chrono::nanoseconds::max();

  const std::optional<std::chrono::nanoseconds> every_;
  const Host host_;
  std::chrono::nanoseconds at_ = kNever;
};

}  // namespace levada::window

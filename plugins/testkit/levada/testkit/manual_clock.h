// A clock that stands still until a test moves it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "levada/plugin.h"

namespace levada::testkit {

class ManualClock {
 public:
  ManualClock() = default;
  ManualClock(const ManualClock&) = delete;
  ManualClock& operator=(const ManualClock&) = delete;

  // The clock as a service of a host.
  const levada_clock* table() const { return &table_; }

  // Time goes by: the time of day and the monotonic time move together.
  void advance(std::chrono::nanoseconds by) {
    now_.fetch_add(by.count());
    monotonic_.fetch_add(by.count());
  }
  // The time of day jumps, forth or back; the monotonic time does not.
  void set(std::chrono::nanoseconds since_1970) { now_.store(since_1970.count()); }

  std::chrono::nanoseconds now() const { return std::chrono::nanoseconds(now_.load()); }
  std::chrono::nanoseconds monotonic() const { return std::chrono::nanoseconds(monotonic_.load()); }

 private:
  std::atomic<int64_t> now_{1'767'225'600'000'000'000};  // 2026-01-01T00:00:00Z
  std::atomic<int64_t> monotonic_{1'000'000'000};
  const levada_clock table_{sizeof table_, this,
                            [](void* clock) { return static_cast<ManualClock*>(clock)->now().count(); },
                            [](void* clock) { return static_cast<ManualClock*>(clock)->monotonic().count(); }};
};

}  // namespace levada::testkit

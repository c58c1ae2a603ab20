// How often a request is repeated within one call of a store, so that a server that is busy, or
// away for a moment, costs its user nothing. What fails then too is RETRY, and for the host to
// repeat.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "levada/host.h"

namespace levada::lake {

struct Repeats {
  int most = 6;  // Requests in all.
  std::chrono::milliseconds first_pause{200};
  std::chrono::milliseconds longest_pause{4000};
  // Waits; tests do not.
  std::function<void(std::chrono::milliseconds)> pause = [](auto time) { std::this_thread::sleep_for(time); };
};

// Counts the requests of one call.
class RepeatCount {
 public:
  RepeatCount(const Repeats& repeats, const Host& host) : repeats_(repeats), host_(host), pause_(repeats.first_pause) {}

  // Whether one more is allowed; waits before it, longer each time, and never as long as others who
  // failed with us.
  bool again() {
    if (++failed_ >= repeats_.most) return false;
    const auto share = 500 + static_cast<int64_t>(host_.random() % 501);
    repeats_.pause(std::chrono::milliseconds(pause_.count() * share / 1000));
    pause_ = std::min(pause_ * 2, repeats_.longest_pause);
    return true;
  }
  // Requests that failed until now.
  int failed() const { return failed_; }

 private:
  const Repeats& repeats_;
  const Host host_;
  std::chrono::milliseconds pause_;
  int failed_ = 0;
};

}  // namespace levada::lake

// Wakes a thread that waits for something to happen elsewhere.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace levada::agent {

using std::chrono::nanoseconds;

class Signal {
 public:
  void raise() {
    {
      const std::lock_guard lock(mutex_);
      raised_ = true;
    }
    changed_.notify_all();
  }
  // Returns when it was raised since the last wait, or the time is up.
  void wait(nanoseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return raised_; });
    raised_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
};

}  // namespace levada::agent

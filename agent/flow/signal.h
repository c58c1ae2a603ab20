// Wakes a thread that waits for something to happen elsewhere.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

namespace levada::agent {

using std::chrono::nanoseconds;

class Signal {
 public:
  // [any thread]
  void raise() {
    {
      const std::lock_guard lock(mutex_);
      raised_ = true;
      if (end_wait_) end_wait_();
    }
    changed_.notify_all();
  }
  // Returns when it was raised since the last wait, or the time is up.
  void wait(nanoseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return raised_; });
    raised_ = false;
  }

  // As long as it lives, its thread waits in a call of something else, which `end_wait` ends.
  class Elsewhere {
   public:
    Elsewhere(Signal& signal, std::function<void()> end_wait) : signal_(signal) {
      const std::lock_guard lock(signal_.mutex_);
      raised_ = std::exchange(signal_.raised_, false);
      signal_.end_wait_ = std::move(end_wait);
    }
    Elsewhere(const Elsewhere&) = delete;
    ~Elsewhere() {
      const std::lock_guard lock(signal_.mutex_);
      signal_.end_wait_ = nullptr;
    }
    // It was raised before: there is nothing to wait for.
    bool raised() const { return raised_; }

   private:
    Signal& signal_;
    bool raised_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool raised_ = false;
  std::function<void()> end_wait_;
};

}  // namespace levada::agent

// A thread that does one thing after the other, for whoever may not wait for a server: it is asked
// whether it is through.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "levada/host.h"
#include "levada/result.h"

namespace levada::postgres {

class Worker {
 public:
  // The buffers that its work makes come from this host.
  explicit Worker(Host host) : host_(host) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Begins with it; nothing else may be under way, nor its outcome be unasked for.
  void start(std::function<Done()> work) {
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    {
      const std::lock_guard lock(mutex_);
      work_ = std::move(work);
      is_busy_ = true;
    }
    changed_.notify_all();
  }
  // Whether something was started whose outcome nobody has asked for yet.
  bool is_busy() const { return is_busy_; }
  // What came of it; nothing where it is not through after that time, or somebody wakes who waits.
  // Where nothing was started it is a pause.
  std::optional<Done> wait(std::chrono::nanoseconds timeout) {
    std::unique_lock lock(mutex_);
    const auto bounded = std::min<std::chrono::nanoseconds>(timeout, std::chrono::hours(1));
    changed_.wait_for(lock, bounded, [&] { return outcome_.has_value() || is_woken_; });
    is_woken_ = false;
    if (!outcome_) return std::nullopt;
    is_busy_ = false;
    return std::exchange(outcome_, std::nullopt);
  }
  // Ends a wait that is under way, or the next one. From any thread.
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      is_woken_ = true;
    }
    changed_.notify_all();
  }
  // Ends the thread once its work is through, and forgets what came of it: who wants that soon sees
  // to it. It may be started again.
  void stop() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    changed_.notify_all();
    thread_.join();
    ends_ = is_busy_ = false;
    work_ = nullptr;
    outcome_.reset();
  }

 private:
  void run() {
    const auto scope = host_.memory_scope();
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return work_ || ends_; });
      if (ends_) return;
      const auto work = std::exchange(work_, nullptr);
      lock.unlock();
      auto outcome = [&]() -> Done {
        try {
          return work();
        } catch (const std::exception& exception) {
          return fatal(exception.what());
        }
      }();
      lock.lock();
      outcome_ = std::move(outcome);
      changed_.notify_all();
    }
  }

  const Host host_;
  bool is_busy_ = false;  // Of the thread that asks.
  std::mutex mutex_;      // Of all below.
  std::condition_variable changed_;
  std::function<Done()> work_;
  std::optional<Done> outcome_;
  bool ends_ = false, is_woken_ = false;
  std::thread thread_;
};

}  // namespace levada::postgres

// Work that is done now and then on a thread of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace levada::kafka_source {

class Background {
 public:
  // Calls `work` every `interval` until this is destroyed.
  template <class Work>
  Background(std::chrono::nanoseconds interval, Work work)
      : thread_([this, interval, work = std::move(work)] {
          std::unique_lock lock(mutex_);
          while (!changed_.wait_for(lock, interval, [&] { return ended_; })) {
            lock.unlock();
            work();
            lock.lock();
          }
        }) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;  // Last: it works with the members above.
};

}  // namespace levada::kafka_source

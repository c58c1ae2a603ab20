// A batch on its way from a source to the sinks of a channel, and the word back that it is stored.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "levada/sdk.h"

namespace levada::agent {

using std::chrono::nanoseconds;

// Wakes a runner that waits for something to happen elsewhere.
class Signal {
 public:
  void raise() {
    {
      const std::lock_guard lock(mutex_);
      raised_ = true;
    }
    changed_.notify_all();
  }
  // Until it was raised since the last wait, or the time is up.
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

// Counts the channels that have yet to store a batch; tells the source when it was the last.
class Receipt {
 public:
  Receipt(int channels, std::shared_ptr<Signal> signal) : open_(channels), signal_(std::move(signal)) {}
  void done() {
    if (open_.fetch_sub(1, std::memory_order_acq_rel) == 1) signal_->raise();
  }
  bool complete() const { return open_.load(std::memory_order_acquire) == 0; }

 private:
  std::atomic<int> open_;
  const std::shared_ptr<Signal> signal_;
};

// How far each stream has got, by the stream's name.
using Progress = std::map<std::string, Position>;

// A batch for a channel, and out of one. A durable channel is a stream of its own to those that read it: what they
// commit is how far they have read in it.
struct Delivery {
  std::shared_ptr<const Batch> batch;  // Its stream is always that of its source.
  std::string stream;                  // The one that `end` and the batch's position are of.
  uint64_t end = 0;                    // Rows of the stream that lie before the batch's position.
  size_t bytes = 0;                    // That the batch holds on to.
  std::string account;                 // What became of its rows so far, see Account. Channels carry it unread.
  std::shared_ptr<Receipt> receipt;    // On the way in only.
};

inline size_t held_bytes(const Batch& batch) {
  size_t bytes = 0;
  for (const auto& column : batch.columns()) bytes += column.held_bytes();
  return bytes;
}

}  // namespace levada::agent

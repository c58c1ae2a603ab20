// The way back of a batch to its source: it is stored.
#pragma once

#include <atomic>
#include <memory>

#include "agent/flow/signal.h"

namespace levada::agent {

// Counts the channels that have yet to store a batch, and wakes the source when the last one has.
class Acknowledgement {
 public:
  Acknowledgement(int channels, std::shared_ptr<Signal> source) : open_(channels), source_(std::move(source)) {}
  // One channel has stored the batch. [any thread]
  void stored() {
    if (open_.fetch_sub(1, std::memory_order_acq_rel) == 1) source_->raise();
  }
  // All channels have stored the batch.
  bool complete() const { return open_.load(std::memory_order_acquire) == 0; }

 private:
  std::atomic<int> open_;
  const std::shared_ptr<Signal> source_;
};

}  // namespace levada::agent

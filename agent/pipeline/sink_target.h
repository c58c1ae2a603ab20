// Where the rows of a channel go: one sink, or a group of them.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/plugin_host/instance.h"

namespace levada::agent {

// See levada_sink_functions for what each call promises.
class SinkTarget {
 public:
  virtual ~SinkTarget() = default;
  // Of the sink that the last call went to.
  virtual const std::string& name() const = 0;
  virtual bool keeps_checkpoint() const = 0;
  virtual Done open() = 0;
  virtual Result<std::vector<Position>> recover() = 0;
  virtual Done write(const Batch& batch, std::chrono::nanoseconds timeout, CBatch& rejected) = 0;
  virtual Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, CBatch& rejected) = 0;
  virtual Done idle() = 0;
  // IDLE: not through, call again. Nothing but the destructor comes behind it.
  virtual Done close(std::chrono::nanoseconds timeout) = 0;
};

class SingleSink final : public SinkTarget {
 public:
  explicit SingleSink(std::unique_ptr<SinkInstance> sink) : sink_(std::move(sink)) {}

  const std::string& name() const override { return sink_->name(); }
  bool keeps_checkpoint() const override { return sink_->keeps_checkpoint(); }
  Done open() override { return sink_->open(); }
  Result<std::vector<Position>> recover() override { return sink_->recover(); }
  Done write(const Batch& batch, std::chrono::nanoseconds timeout, CBatch& rejected) override {
    return sink_->write(batch, timeout, rejected);
  }
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, CBatch& rejected) override {
    return sink_->commit(checkpoint, timeout, rejected);
  }
  Done idle() override { return sink_->idle(); }
  Done close(std::chrono::nanoseconds timeout) override { return sink_->close(timeout); }

 private:
  const std::unique_ptr<SinkInstance> sink_;
};

}  // namespace levada::agent

// Instances of components, called through the contract: what a plugin throws or misreports ends here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/config/topology.h"
#include "agent/plugin_host/context.h"
#include "levada/sdk.h"

namespace levada::agent {

// A batch in its C form; releases what is left in it.
class Parcel {
 public:
  Parcel() { batch_.size = sizeof batch_; }
  explicit Parcel(const Batch& batch) { batch.share(batch_); }
  Parcel(const Parcel&) = delete;
  Parcel& operator=(const Parcel&) = delete;
  ~Parcel() { detail::release(batch_); }
  levada_batch* get() { return &batch_; }
  bool empty() const { return batch_.rows.release == nullptr; }
  Result<Batch> open() { return Batch::adopt(batch_); }
  // Without the stream and position, which only a source says: what others leave there may point anywhere.
  Result<Batch> open_rows() {
    batch_.stream = batch_.position = {};
    return open();
  }

 private:
  levada_batch batch_{};
};

// Created, checked, not yet opened.
class Instance {
 public:
  // Fails with the component's own words and the option at fault.
  static Result<std::unique_ptr<Instance>> create(const ComponentConfig& config, const Services& services,
                                                  const std::string& data_dir, bool until_drained);
  ~Instance();
  Instance(const Instance&) = delete;

  const std::string& name() const { return context_.component(); }

 protected:
  Instance(const ComponentConfig& config, const Services& services, const std::string& data_dir, bool until_drained)
      : component_(*config.component), context_(services, config.path, data_dir, until_drained) {}

  template <class Functions>
  const Functions& functions() const {
    return *static_cast<const Functions*>(component_.functions);
  }

  const levada_component& component_;
  const Context context_;
  void* self_ = nullptr;

  friend class SourceInstance;
  friend class InterceptorInstance;
  friend class SinkInstance;
};

class SourceInstance {
 public:
  explicit SourceInstance(std::unique_ptr<Instance> instance) : instance_(std::move(instance)) {}
  const std::string& name() const { return instance_->name(); }
  bool replays() const;
  Done open(const std::vector<Position>& positions);
  Result<Batch> poll(std::chrono::nanoseconds timeout);
  Done acknowledge(const std::string& stream, const std::string& position);

 private:
  std::unique_ptr<Instance> instance_;
};

// Whether interceptors of that kind have a state; the contract's later functions may be missing.
bool is_stateful(const levada_component& component);

class InterceptorInstance {
 public:
  explicit InterceptorInstance(std::unique_ptr<Instance> instance) : instance_(std::move(instance)) {}
  const std::string& name() const { return instance_->name(); }
  Done open();
  // Changes what is in the parcel. `rejected` stays empty where no rows were turned down.
  Done intercept(Parcel& batch, Parcel& rejected);
  bool is_stateful() const;
  // Appends the state.
  Done save(std::string& to) const;
  Done load(const std::string& state);

 private:
  std::unique_ptr<Instance> instance_;
};

// Where the rows of a channel go: a sink, or a group of them. See levada_sink_functions for what each call promises.
class SinkTarget {
 public:
  virtual ~SinkTarget() = default;
  // Of the sink that the last call went to.
  virtual const std::string& name() const = 0;
  virtual bool keeps_checkpoint() const = 0;
  virtual Done open() = 0;
  virtual Result<std::vector<Position>> recover() = 0;
  virtual Done write(const Batch& batch, std::chrono::nanoseconds timeout, Parcel& rejected) = 0;
  virtual Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Parcel& rejected) = 0;
  virtual Done idle() = 0;
};

class SinkInstance final : public SinkTarget {
 public:
  explicit SinkInstance(std::unique_ptr<Instance> instance) : instance_(std::move(instance)) {}
  const std::string& name() const override { return instance_->name(); }
  bool keeps_checkpoint() const override;
  Done open() override;
  Result<std::vector<Position>> recover() override;
  Done write(const Batch& batch, std::chrono::nanoseconds timeout, Parcel& rejected) override;
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, Parcel& rejected) override;
  Done idle() override;

 private:
  std::unique_ptr<Instance> instance_;
};

}  // namespace levada::agent

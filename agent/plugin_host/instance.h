// Instances of components, called through the contract: what a plugin throws or misreports ends
// here.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config/topology.h"
#include "agent/plugin_host/context.h"
#include "levada/sdk.h"

namespace levada::agent {

// A batch in the form of the contract; releases what is left in it.
class CBatch {
 public:
  CBatch() = default;
  explicit CBatch(const Batch& batch) { batch.share(batch_); }
  CBatch(const CBatch&) = delete;
  CBatch& operator=(const CBatch&) = delete;
  ~CBatch() { detail::release(batch_); }
  levada_batch* get() { return &batch_; }
  bool empty() const { return batch_.rows.release == nullptr; }
  Result<Batch> open() { return Batch::adopt(batch_); }
  // Without the stream and position, which only a source says: what others leave there may point
  // anywhere.
  Result<Batch> open_rows() {
    batch_.stream = batch_.position = {};
    return open();
  }

 private:
  levada_batch batch_ = detail::empty_batch();
};

// Created, checked, not yet opened.
class Instance {
 public:
  // Fails with the component's own words and the option at fault. Its folder is below `data_dir`;
  // from its opening on no other instance has it, so that each of several has its own, by its
  // `place`: "sinks.out.1". What is created and not opened is in nobody's way.
  static Result<std::unique_ptr<Instance>> create(const ComponentConfig& config, const Services& services,
                                                  const std::string& data_dir, bool until_drained,
                                                  const std::string& place = {});
  ~Instance();
  Instance(const Instance&) = delete;

  const std::string& name() const { return context_.component(); }
  // A service of the instance's own, such as "levada.state/1"; null where it has none such. From
  // any thread.
  const void* extension(const char* id) const;
  // Runs a command of the component's own. FATAL where it has none; REJECT: the arguments are at
  // fault.
  Done command(const std::vector<std::string>& arguments, const std::function<void(std::string_view)>& write) const;
  // What the contract's functions take; for tests that call them directly.
  void* self() const { return self_; }

 protected:
  Instance(const ComponentConfig& config, const Services& services, std::string data_dir, bool until_drained)
      : component_(*config.component),
        data_dirs_(services.data_dirs),
        context_(services, config.path, std::move(data_dir), until_drained) {}

  template <class Functions>
  const Functions& functions() const {
    return *static_cast<const Functions*>(component_.functions);
  }
  // Of any kind; OK where the component has nothing to close.
  template <class Functions>
  Done close(std::chrono::nanoseconds timeout);

  // Before the component is opened, once or more.
  Done claim_data_dir();

  const levada_component& component_;
  DataDirs* const data_dirs_;
  std::optional<DataDirs::Claim> data_dir_;
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
  // What it has before it; nothing where it does not say. By the thread that polls.
  std::vector<BacklogItem> backlog() const;
  // Both from any thread, also while another one polls; nothing where the component has no use for
  // it.
  void wake() const;
  void back_pressure(bool on) const;
  // IDLE: not through, call again. Nothing but the destructor comes behind it.
  Done close(std::chrono::nanoseconds timeout);
  const Instance& instance() const { return *instance_; }

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
  // Changes what is in the batch. `rejected` stays empty where no rows are.
  Done intercept(CBatch& batch, CBatch& rejected);
  bool is_stateful() const;
  // Appends the state.
  Done save(std::string& to) const;
  // Appends what has changed in it since the last call of this or save. IDLE: that is not known.
  Done save_changes(std::string& to) const;
  // REJECT: a sound state, but of other options. FATAL: a damaged one.
  Done load(const std::string& state);
  Done load_changes(const std::string& changes);
  // Whether it gives rows later than they came in: then the next two are for it.
  bool advances() const;
  // When to advance, by the monotonic time; the maximum where it waits for nothing but the end of
  // intake.
  std::chrono::nanoseconds deadline() const;
  // Rows that are due, or that were rejected: call again. IDLE: none now.
  Done advance(std::chrono::nanoseconds now, bool ended, CBatch& out, CBatch& rejected);
  Done close(std::chrono::nanoseconds timeout);
  const Instance& instance() const { return *instance_; }

 private:
  Done save(decltype(levada_interceptor_functions::save) levada_interceptor_functions::* saver, std::string& to) const;

  std::unique_ptr<Instance> instance_;
};

// See levada_sink_functions for what each call promises.
class SinkInstance {
 public:
  explicit SinkInstance(std::unique_ptr<Instance> instance) : instance_(std::move(instance)) {}
  const std::string& name() const { return instance_->name(); }
  bool keeps_checkpoint() const;
  Done open();
  Result<std::vector<Position>> recover();
  Done write(const Batch& batch, std::chrono::nanoseconds timeout, CBatch& rejected);
  Done commit(const Checkpoint& checkpoint, std::chrono::nanoseconds timeout, CBatch& rejected);
  Done idle();
  // IDLE: not through, call again. Nothing but the destructor comes behind it.
  Done close(std::chrono::nanoseconds timeout);
  const Instance& instance() const { return *instance_; }

 private:
  std::unique_ptr<Instance> instance_;
};

}  // namespace levada::agent

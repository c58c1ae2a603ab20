// The flows of an agent, each a pipeline of its own; a reload replaces those that changed.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "agent/cli/configuration.h"
#include "agent/cli/reload/reload_answer.h"
#include "agent/pipeline/pipeline_builder.h"

namespace levada::agent {

class RunningFlows {
 public:
  // What is given outlives them.
  // `call_patience`: how long a call of a component may take before its flow is taken for one that
  // cannot be replaced.
  RunningFlows(const Services& services, SharedStores& stores, bool until_drained,
               nanoseconds call_patience = std::chrono::seconds(30))
      : services_(services), stores_(stores), until_drained_(until_drained), call_patience_(call_patience) {}
  ~RunningFlows();

  // Creates the flows of the configuration that the agent starts with. What components say of their
  // options goes to the diagnostics.
  void build(std::shared_ptr<const Configuration> configuration, Diagnostics& diagnostics);
  // Starts them. Fails where a channel or the dead letters cannot be opened, which was logged.
  Done start();
  // Until all have ended, or a stop has come to its end; a replacement is waited for. Gives up
  // stop_timeout after stop_intake. Nothing is replaced from then on.
  Pipeline::Outcome wait();
  // Ends the components and the channels, after wait; whether all closed well.
  bool close();
  // Sources read no more; what is under way is stored. A replacement does no more than it has to.
  // [any thread]
  void stop_intake();
  bool is_stopping() const { return is_stopping_; }

  // What the flows are of. By the thread that replaces them.
  std::shared_ptr<const Configuration> configuration() const { return configuration_; }
  // Creates all components of it beside those that run, and lets go of them: what they say of their
  // options goes to the diagnostics.
  void try_out(const Configuration& wanted, Diagnostics& diagnostics) const;
  // Starts what changed, and ends what it replaces before: all of it, or nothing. `wanted` has no
  // findings. By one thread.
  ReloadAnswer replace(std::shared_ptr<const Configuration> wanted);

 private:
  struct RunningFlow {
    std::shared_ptr<const Configuration> configuration;
    Flow flow;
    std::unique_ptr<Pipeline> pipeline = nullptr;  // Null: it could not be created again.
    // A component could not go on.
    bool is_down() const { return !pipeline || pipeline->has_failed(); }
  };
  using FlowList = std::vector<std::unique_ptr<RunningFlow>>;
  class Replacement;

  std::unique_ptr<RunningFlow> built(std::shared_ptr<const Configuration> configuration, const Flow& flow,
                                     Diagnostics& diagnostics) const;
  ReloadPlan plan(const std::vector<Flow>& wanted, const Topology& topology) const;
  bool begin_replacing();
  void end_replacing();
  bool are_over() const;
  bool has_failed() const;
  nanoseconds now() const { return nanoseconds{services_.clock->monotonic(services_.clock->context)}; }
  nanoseconds stop_timeout() const { return nanoseconds{stop_timeout_ns_}; }

  const Services services_;
  SharedStores& stores_;
  const bool until_drained_;
  const nanoseconds call_patience_;
  // A runner has ended, or something below has changed.
  const std::shared_ptr<Signal> changed_ = std::make_shared<Signal>();
  std::shared_ptr<const Configuration> configuration_;
  std::atomic<int64_t> stop_timeout_ns_{0};
  std::atomic<bool> is_stopping_{false};

  mutable std::mutex mutex_;  // Of what follows; who replaces reads flows_ without it.
  std::condition_variable replaced_;
  bool is_started_ = false, is_replacing_ = false, is_over_ = false;
  FlowList flows_;
};

}  // namespace levada::agent

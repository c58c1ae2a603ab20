// Runs a sink, or a group of them: read from the channel, chain, write; commit by rows, bytes or
// time; go back after a failure.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "agent/channels/channel.h"
#include "agent/observe/open_gauge.h"
#include "agent/pipeline/audit_totals.h"
#include "agent/pipeline/chain_workers.h"
#include "agent/pipeline/checkpoint_store.h"
#include "agent/pipeline/failure_log.h"
#include "agent/pipeline/sink_target.h"
#include "agent/pipeline/source_runner.h"
#include "agent/pipeline/stop.h"
#include "agent/pipeline/uncommitted.h"

namespace levada::agent {

class SinkRunner {
 public:
  struct Parts {
    std::string name;  // "sinks.kafka", "sink_groups.both"
    std::unique_ptr<SinkTarget> target;
    std::unique_ptr<ChainWorkers> workers;
    Channel* channel;
    CommitPolicy commit;
    Backoff backoff;
    std::map<std::string, OnReject> on_reject;  // By the sink's name.
  };
  SinkRunner(Parts parts, DeadLetters& dead_letters, const CheckpointStore& checkpoint_store, const Services& services,
             Stop& stop);

  const std::string& name() const { return name_; }
  bool keeps_checkpoint() const { return target_->keeps_checkpoint(); }
  // How far the sink had got when it was opened; nothing before that. [any thread]
  std::optional<Positions> recovered() const;
  Turn turn(nanoseconds timeout);
  // Ends the wait of a turn for anything but rows. [any thread]
  void wake() { pause_.raise(); }
  // Why it cannot go on, once a turn has said so; by the thread of the turns.
  const std::string& failure() const { return failure_; }
  // After a turn, by the thread that made it.
  Standing standing() const;
  // Closes the sink and its interceptors, until the monotonic time `end`; whether all
  // closed well. After the last turn.
  bool close(nanoseconds end);

 private:
  Turn take_turn(nanoseconds begun, nanoseconds timeout);
  Done open();
  Done recover();
  Done load(uint64_t epoch, std::optional<StoredCheckpoint> stored);
  Turn read(nanoseconds timeout);
  std::optional<Turn> advance(bool ended, nanoseconds timeout);
  Turn write(nanoseconds timeout);
  Done start_commit();
  Turn commit(nanoseconds timeout);
  Done save();
  void committed();
  Turn failed(const Error& error, const char* what);
  Turn retry_commit(const Error& error);
  Result<int64_t> reject_written(CBatch& rejected, InFlight& in_flight);
  void reject_late(CBatch& rejected);
  nanoseconds now() const { return nanoseconds{clock_.monotonic(clock_.context)}; }

  const std::string name_;
  const std::unique_ptr<SinkTarget> target_;
  const std::unique_ptr<ChainWorkers> workers_;
  Channel& channel_;
  const size_t cursor_;
  Uncommitted uncommitted_;
  Backoff backoff_;
  FailureLog failures_;
  const std::map<std::string, OnReject> on_reject_;
  DeadLetters& dead_letters_;
  const CheckpointStore& checkpoint_store_;
  const levada_clock& clock_;
  Stop& stop_;
  Progress::Turns turns_;
  Counter rows_written_, rows_rejected_, commits_, calls_failed_;
  OpenGauge open_;
  TapPoint* const tap_;

  bool to_close_ = false;  // The sink's open was called.
  bool opened_ = false, recovered_once_ = false, needs_recover_ = true;
  mutable std::mutex recovered_mutex_;
  std::optional<Positions> recovered_;
  Positions committed_;                                // What the last commit stands for.
  Positions reached_;                                  // What the next commit will stand for.
  SavedStates unused_states_;                          // Kept for interceptors that are not in the chain now.
  SavingPlan saving_plan_;                             // Of the states in the chain.
  AuditTotals audit_;                                  // With what was written since the last commit.
  std::optional<InFlight> pending_;                    // Through the chain, not taken by the sink yet.
  std::optional<Checkpoint> checkpoint_;               // Of the commit that was begun.
  std::optional<StoredCheckpoint> stored_checkpoint_;  // What the agent keeps with that commit.
  bool saved_ = false;                                 // The stored checkpoint is durable.
  bool sink_committed_ = false;                        // The sink has done the commit that was begun.
  bool drained_ = false;         // The channel had no more when it was last read, or none is to be read now.
  nanoseconds last_idle_{};      // The last call of idle.
  nanoseconds saving_{};         // What the commit that is under way has taken to save states.
  nanoseconds advance_after_{};  // Interceptors that had nothing to give are not asked before that.
  uint64_t epoch_ = 0;
  std::string failure_;
  Signal pause_;
};

}  // namespace levada::agent

// Runs a source: polls it, and takes its batches through the numbering, the chain and the selector
// to the channels; acknowledges what is stored downstream.
#pragma once

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/channels/channel.h"
#include "agent/observe/open_gauge.h"
#include "agent/pipeline/chain_workers.h"
#include "agent/pipeline/dead_letters.h"
#include "agent/pipeline/failure_log.h"
#include "agent/pipeline/pending_acknowledgements.h"
#include "agent/pipeline/selector.h"
#include "agent/pipeline/stop.h"
#include "agent/pipeline/stream_numbering.h"
#include "agent/pipeline/stream_starts.h"

namespace levada::agent {

class SourceRunner {
 public:
  struct Parts {
    SourceInstance source;
    std::unique_ptr<ChainWorkers> workers;
    Selector selector;
    std::vector<Channel*> channels;
    Backoff backoff;
    size_t memory_bytes;  // While the process lends out more, no rows are read but those of one batch at a time.
    OnReject on_reject;   // Of rows that the source itself rejects.
    std::string owner;    // In whose chain the rows were, a source or a sink; empty: this source.
    StreamStarts starts;
  };
  SourceRunner(Parts parts, DeadLetters& dead_letters, const Services& services, Stop& stop);

  const std::string& name() const { return source_.name(); }
  bool replays() const { return source_.replays(); }
  // `readers`: the durable channels, and the sinks of the others. `known`: streams that were ever
  // committed, see CheckpointStore. Before the first turn; again where it fails.
  Done start_from(std::vector<StreamStarts::Reader> readers, const std::set<std::string>& known = {});
  // One step; waits at most so long.
  Turn turn(nanoseconds timeout);
  // There is no place to start from: no turn follows.
  void give_up() { turns_.fail(); }
  void wake() { signal_->raise(); }
  // Why it cannot go on, once a turn has said so; by the thread of the turns.
  const std::string& failure() const { return failure_; }
  // After a turn, by the thread that made it.
  Standing standing() const;
  // Closes the source and its interceptors, until the monotonic time `end`; whether all
  // closed well. After the last turn.
  bool close(nanoseconds end);

 private:
  struct Unsent {
    InFlight in_flight;
    Channel* channel;
  };
  Turn take_turn(nanoseconds now, nanoseconds timeout);
  void show(nanoseconds now);
  Done open();
  Done acknowledge();
  Turn finish(nanoseconds timeout);
  void close_channels();
  bool is_alone() const;
  Turn poll(nanoseconds timeout);
  void take_in(Batch batch);
  void reject_rows(InFlight& in_flight);
  void send(InFlight routed);
  bool hand_on(nanoseconds timeout);
  void wait(const std::string& blocked_by);
  Turn failed(const Error& error, const char* what);

  SourceInstance source_;
  const std::unique_ptr<ChainWorkers> workers_;
  const Selector selector_;
  const std::vector<Channel*> channels_;
  Backoff backoff_;
  FailureLog failures_;
  const size_t memory_bytes_;
  const OnReject on_reject_;
  DeadLetters& dead_letters_;
  const levada_clock& clock_;
  const MemoryPool& memory_;
  Stop& stop_;
  StreamNumbering numbering_;
  const std::string owner_;
  Progress::Turns turns_;
  StreamStarts starts_;
  bool is_start_unsaved_ = false;
  Counter rows_read_, rows_rejected_, bytes_read_, polls_failed_, milliseconds_waited_;
  const Gauge oldest_unacknowledged_;
  OpenGauge open_;
  TapPoint* const tap_;
  Backlogs* const backlogs_;
  nanoseconds shown_{};  // When the gauge and the backlog were last brought up to date.

  bool opened_ = false, ended_ = false, closed_ = false;
  bool to_close_ = false;        // The source's open was called.
  std::vector<Position> start_;  // By the source's own stream names.
  std::deque<InFlight> cut_;     // Parts that wait for a worker.
  std::deque<Unsent> unsent_;    // What waits for room in a channel.
  PendingAcknowledgements pending_;
  nanoseconds waits_since_{};  // For room or memory; 0: it does not.
  bool wait_logged_ = false;
  std::string failure_;
  std::string blocked_;  // Why it goes no further: rows that nobody may reject.
  std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
};

}  // namespace levada::agent

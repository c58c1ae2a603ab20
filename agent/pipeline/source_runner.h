// Runs a source: poll, number the rows, chain, selector, channels; and acknowledge what is stored downstream.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/channels/channel.h"
#include "agent/pipeline/chain_workers.h"
#include "agent/pipeline/selector.h"
#include "agent/pipeline/stop.h"

namespace levada::agent {

// How far a sink has got in each stream, by the stream's full name.
using Progress = std::map<std::string, Position>;

class SourceRunner {
 public:
  struct Parts {
    SourceInstance source;
    std::unique_ptr<ChainWorkers> workers;
    Selector selector;
    std::vector<Channel*> channels;
    Backoff backoff;
    size_t memory_bytes;  // No rows are read while the process lends out more.
  };
  SourceRunner(Parts parts, DeadLetters& dead_letters, const Services& services, Stop& stop);

  const std::string& name() const { return source_.name(); }
  bool replays() const { return source_.replays(); }
  // Where the sinks downstream stand. Before the first turn.
  void start_from(const std::vector<Progress>& sinks);
  // One step; waits at most so long.
  Turn turn(nanoseconds timeout);
  void wake() { signal_->raise(); }

 private:
  struct Unacknowledged {
    std::shared_ptr<Receipt> receipt;
    std::string stream, position;  // The stream as the source calls it.
  };
  struct Outgoing {
    Delivery delivery;
    Channel* channel;
  };
  Done open();
  Done acknowledge();
  Turn finish(nanoseconds timeout);
  Turn poll(nanoseconds timeout);
  void take_in(Batch batch);
  void turn_down(Batch& batch);
  void submit(Batch batch, uint64_t end);
  void send(Numbered routed);
  bool hand_on(nanoseconds timeout);
  Turn failed(const Error& error, const char* what);
  std::string full_name(const std::string& stream) const { return stream.empty() ? label_ : label_ + "/" + stream; }

  SourceInstance source_;
  const std::unique_ptr<ChainWorkers> workers_;
  const Selector selector_;
  const std::vector<Channel*> channels_;
  Backoff backoff_;
  const size_t memory_bytes_;
  DeadLetters& dead_letters_;
  const levada_clock& clock_;
  Stop& stop_;
  const std::string label_;  // "clicks"
  Counter rows_read_, rows_rejected_, bytes_read_, polls_failed_;

  bool opened_ = false, ended_ = false, closed_ = false;
  std::vector<Position> start_;                       // By the source's own stream names.
  std::map<std::string, uint64_t> sequence_;          // Rows read of each stream.
  std::map<std::string, std::deque<Position>> cuts_;  // Where sinks stand that are ahead: no batch crosses one.
  std::deque<Numbered> cut_;                          // Parts that wait for a worker.
  std::deque<Outgoing> outgoing_;                     // What waits for room in a channel.
  std::deque<Unacknowledged> unacknowledged_;
  std::shared_ptr<Signal> signal_ = std::make_shared<Signal>();
};

}  // namespace levada::agent

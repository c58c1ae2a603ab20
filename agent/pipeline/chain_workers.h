// Puts batches through copies of a chain on several threads, and gives them back in
// the order in which they came.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "agent/flow/in_flight.h"
#include "agent/observe/progress.h"
#include "agent/pipeline/backoff.h"
#include "agent/pipeline/interceptor_chain.h"

namespace levada::agent {

class ChainWorkers {
 public:
  // One chain for each worker. With one chain, or empty ones, no thread is
  // made: the work is done in next(). `owner`: whose chain it is, a source or a sink.
  ChainWorkers(std::vector<InterceptorChain> chains, Backoff backoff, const levada_clock& clock, std::string owner = {},
               Progress* progress = nullptr);
  ~ChainWorkers();

  Done open();
  // Whether submit may be called.
  bool has_room() const;
  void submit(InFlight batch);
  // The oldest batch that was submitted, once it is through. IDLE: not within the timeout, or there
  // is none. FATAL: an interceptor cannot go on.
  Result<InFlight> next(nanoseconds timeout);
  bool empty() const;
  // See InterceptorChain; only while empty. What gives rows by itself
  // has a state, and so one worker.
  nanoseconds deadline() const { return chains_[0].deadline(); }
  Result<InFlight> advance(nanoseconds now, bool ended);
  // Drops all batches that were submitted and not given back.
  void clear();
  // See InterceptorChain. Interceptors with a state have one worker; nothing may be under way.
  std::vector<std::string> stateful() const { return chains_[0].stateful(); }
  Done save(bool whole, SavedStates& to) const { return chains_[0].save(whole, to); }
  Done load(const SavedStates& states) { return chains_[0].load(states); }
  // Ends the threads; see InterceptorChain.
  bool close(nanoseconds end);

 private:
  struct Slot {
    InFlight in_flight;
    std::optional<Done> done;
  };
  void work(std::stop_token stopped, InterceptorChain& chain, Progress::Turns& turns);

  std::vector<InterceptorChain> chains_;
  Backoff backoff_;
  const levada_clock& clock_;
  const bool threaded_;
  std::deque<Progress::Turns> turns_;  // Of each thread.
  mutable std::mutex mutex_;
  std::condition_variable_any work_;
  std::condition_variable finished_;
  std::deque<std::shared_ptr<Slot>> slots_;    // In order of submission.
  std::deque<std::shared_ptr<Slot>> waiting_;  // Those that no worker has taken.
  std::vector<std::jthread> threads_;
};

}  // namespace levada::agent

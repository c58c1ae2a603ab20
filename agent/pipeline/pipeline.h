// A flow that runs: its channels, and a runner with a thread of its own for each source and each
// reader of a channel.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "agent/pipeline/sink_runner.h"
#include "agent/pipeline/source_runner.h"

namespace levada::agent {

class Pipeline {
 public:
  enum class Outcome { drained, stopped, timed_out, failed };

  struct RunningSource {
    std::unique_ptr<SourceRunner> runner;
    struct DurableChannel {
      std::string name;
      Channel* channel;
    };
    std::vector<DurableChannel> durable;  // Its channels that say where it goes on.
    std::vector<size_t> sinks =
        {};  // The sinks of its other channels, by their number in Parts: they say it for those.
  };
  // What it is made of, see PipelineBuilder. What stands above is used by what stands below.
  struct Parts {
    Services services;
    bool until_drained;
    DeadLetters* dead_letters;
    const CheckpointStore* checkpoints;
    std::shared_ptr<Signal> ended;  // Raised when a runner has ended. Null: nobody listens.
    std::unique_ptr<Stop> stop;
    std::vector<std::unique_ptr<Channel>> channels = {};
    std::vector<RunningSource> sources = {};
    std::vector<std::unique_ptr<SinkRunner>> sinks = {};
  };
  explicit Pipeline(Parts parts);
  ~Pipeline();

  // Starts the threads: they open the channels and the components, and read nothing before resume.
  void start();
  // Until the channels are open. Fails where one of them, or the dead letters, cannot be.
  Done wait_for_channels();
  // Until each component was opened, or has failed in a way that may pass; at the monotonic time
  // `end` it has waited long enough. FATAL: one can never be opened, and why. RETRY: a channel is
  // not open at `end`, and why.
  Done wait_until_opened(nanoseconds end);
  void resume();

  // Sources read no more, and all that is under way is stored. resume takes it back. [any thread]
  void pause();
  struct Rest {
    std::string unstored;   // Who has not stored all that was under way; empty: all is stored.
    std::string objection;  // Why the flow must not be replaced now: it can only go on.
  };
  // How that ends, at the monotonic time `end` at the latest, or at `calls_end` where a call of a
  // component has not come back by then: it may just take its time.
  Rest wait_for_rest(nanoseconds end, nanoseconds calls_end);

  // Until all sources have ended and all sinks have stored what they gave, or a stop has come to
  // its end. Gives up `stop_timeout` after stop_intake.
  Outcome wait(nanoseconds stop_timeout);
  // The same, which gives up at the monotonic time `end`, stopped or not.
  Outcome wait_until(nanoseconds end);
  // Whether all runners have ended.
  bool is_over() const;
  // Whether one of them could not go on. [any thread]
  bool has_failed() const;
  // Ends the components, after wait, when nobody calls stop_intake any more: sinks complete their
  // files then, and count that. Whether all closed well by the monotonic `end`; what did not is
  // logged.
  bool close(nanoseconds end);
  // Sources read no more; what is under way is stored. In a pause, as much of it as can be at once:
  // see Stop. [any thread]
  void stop_intake();
  // It was told to, or ends by itself. [any thread]
  bool is_stopping() const { return parts_.stop->intake; }

  // Where rows may not arrive exactly once after a crash, and why.
  std::vector<std::string> exceptions() const;

 private:
  template <class Open>
  Done open_when_possible(Open open);
  Done open_channels();
  bool are_channels_open();
  template <class Runner>
  void run(Runner& runner, size_t number, nanoseconds patience);
  void run_source(size_t number);
  bool find_start(size_t number, size_t thread);
  std::optional<Positions> wait_for_sink(size_t sink, size_t source, size_t thread);
  void report(size_t thread, uint64_t round, const Standing& standing);
  void ended(size_t thread, Turn turn, const std::string& failure);
  std::string name_of(size_t thread) const;
  nanoseconds now() const { return nanoseconds{parts_.services.clock->monotonic(parts_.services.clock->context)}; }

  Parts parts_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Done> channels_;                    // Whether they are open, once that is known.
  std::string waits_for_;                           // Why a channel is not open yet.
  std::vector<std::optional<Standing>> standings_;  // Of each runner in this pause, sinks first.
  std::vector<bool> over_;                          // Runners that have ended.
  std::atomic<uint64_t> round_{1};                  // The number of the pause.
  size_t running_ = 0;
  std::string failure_;  // Of the first runner that could not go on.
  std::vector<std::thread> threads_;
};

}  // namespace levada::agent

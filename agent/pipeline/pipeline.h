// A topology that runs: its channels, and a runner with a thread of its own for each source and each reader of a
// channel.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/config/topology.h"
#include "agent/pipeline/sink_runner.h"
#include "agent/pipeline/source_runner.h"

namespace levada::agent {

class Pipeline {
 public:
  enum class Outcome { drained, stopped, timed_out, failed };

  // Creates every component, which checks its options; what they say goes to the diagnostics. Touches nothing outside.
  static std::unique_ptr<Pipeline> create(const AgentConfig& agent, const Topology& topology, const Services& services,
                                          bool until_drained, Diagnostics& diagnostics);
  ~Pipeline();

  // Makes channels ready and starts the threads. Fails where a channel or the dead letters cannot be opened.
  Done start();
  // Until all sources have ended and all sinks have stored what they gave, or a stop has come to its end. Gives up
  // `stop_timeout` after stop_intake.
  Outcome wait();
  // Ends the components, after wait, when nobody calls stop_intake any more: sinks complete their files then, and count
  // that.
  void close();
  // Sources read no more; what is under way is stored. [any thread]
  void stop_intake();

  // Where rows may not arrive exactly once after a crash, and why.
  std::vector<std::string> exceptions() const;
  const DeadLetters& dead_letters() const { return dead_letters_; }

 private:
  Pipeline(const AgentConfig& agent, const Services& services, bool until_drained);
  friend class PipelineBuilder;
  template <class Open>
  Done open_when_possible(Open open);
  void run_source(size_t number);
  void run_sink(size_t number);
  bool find_start(size_t number);
  std::optional<Positions> wait_for_sink(size_t sink);
  void ended(Turn turn);

  struct RunningSource {
    std::unique_ptr<SourceRunner> runner;
    std::vector<Channel*> durable;  // Channels that say where it goes on,
    std::vector<size_t> sinks;      // and those that read the others, by number.
  };

  const nanoseconds stop_timeout_;
  const bool until_drained_;
  const Services services_;
  DeadLetters dead_letters_;
  const CheckpointStore commits_;
  Stop stop_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<RunningSource> sources_;
  std::vector<std::unique_ptr<SinkRunner>> sinks_;

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t running_ = 0;
  bool failed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace levada::agent

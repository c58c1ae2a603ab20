// A topology that runs: its channels, and a runner with a thread of its own for each source
// and each reader of a channel.
#pragma once

#include <memory>
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
    nanoseconds stop_timeout;
    std::unique_ptr<DeadLetters> dead_letters;
    std::unique_ptr<CheckpointStore> checkpoints;
    std::unique_ptr<Stop> stop;
    std::vector<std::unique_ptr<Channel>> channels = {};
    std::vector<RunningSource> sources = {};
    std::vector<std::unique_ptr<SinkRunner>> sinks = {};
  };
  explicit Pipeline(Parts parts);
  ~Pipeline();

  // Makes channels ready and starts the threads. Fails where a channel or the
  // dead letters cannot be opened.
  Done start();
  // Until all sources have ended and all sinks have stored what they gave, or a stop has come to
  // its end. Gives up `stop_timeout` after stop_intake.
  Outcome wait();
  // Ends the components, after wait, when nobody calls stop_intake any more: sinks complete their
  // files then, and count that. Whether all closed well; what did not is logged.
  bool close();
  // Sources read no more; what is under way is stored. [any thread]
  void stop_intake();
  // It was told to, or ends by itself. [any thread]
  bool is_stopping() const { return parts_.stop->intake; }

  // Where rows may not arrive exactly once after a crash, and why.
  std::vector<std::string> exceptions() const;
  const DeadLetters& dead_letters() const { return *parts_.dead_letters; }

 private:
  template <class Open>
  Done open_when_possible(Open open);
  void run_source(size_t number);
  void run_sink(size_t number);
  bool find_start(size_t number);
  std::optional<Positions> wait_for_sink(size_t sink, const std::string& source);
  void ended(Turn turn);

  Parts parts_;

  std::mutex mutex_;
  std::condition_variable changed_;
  size_t running_ = 0;
  bool failed_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace levada::agent

// What goes on beside a pipeline that runs: signals, and a look at the agent once a second.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <thread>

#include "agent/pipeline/pipeline.h"

namespace levada::agent {

// Signals that would end the process and mean nothing to it are ignored, before
// and after a RunControl, too.
void ignore_signals();

// The first SIGTERM or SIGINT stops the intake, the second ends the process.
// Others are ignored and logged.
class RunControl {
 public:
  // `every_second` is called by a thread of its own.
  RunControl(Pipeline& pipeline, std::function<void()> every_second);
  ~RunControl();

 private:
  void wait_for_stop();
  void wait_for_ignored();
  void wait_for_second();

  Pipeline& pipeline_;
  const std::function<void()> every_second_;
  boost::asio::io_context context_{1};
  boost::asio::signal_set stop_, ignored_;
  boost::asio::steady_timer timer_;
  std::thread thread_;
};

}  // namespace levada::agent

// What goes on beside the flows that run: signals, and a look at the agent once a second.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <thread>

namespace levada::agent {

// Signals that would end the process and mean nothing to it are ignored, before
// and after a RunControl, too.
void ignore_signals();

// The first SIGTERM or SIGINT stops the intake, the second ends the process; SIGHUP reloads. Others
// are ignored and logged.
class RunControl {
 public:
  // Called by a thread of its own; none of them waits for anything.
  struct Actions {
    std::function<void()> stop, reload, every_second;
  };
  explicit RunControl(Actions actions);
  ~RunControl();

 private:
  void wait_for_stop();
  void wait_for_reload();
  void wait_for_ignored();
  void wait_for_second();

  const Actions actions_;
  boost::asio::io_context context_{1};
  boost::asio::signal_set stop_, reload_, ignored_;
  boost::asio::steady_timer timer_;
  std::thread thread_;
};

}  // namespace levada::agent

// Tells the service manager how the agent is: systemd, or whoever else sets $NOTIFY_SOCKET.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "agent/observe/datagram_socket.h"

namespace levada::agent {

// Messages of sd_notify(3). Without $NOTIFY_SOCKET nobody is told anything. [any thread]
class Notifier {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  // Of the environment. Reads it, so before there are threads.
  Notifier();

  // It works: after the start, and after a reload.
  void ready() const { send("READY=1"); }
  // It reads its configuration again, from the monotonic time `now` on; `ready` ends that, whether
  // the new one was taken or refused.
  void reloading(nanoseconds now) const;
  // It ends, as it was told to or by itself.
  void stopping() const { send("STOPPING=1"); }
  // One line about how it is, for people.
  void status(std::string_view line) const;
  // It moves; see watchdog_timeout.
  void watchdog() const { send("WATCHDOG=1"); }
  // Starting or stopping takes at least so long from now on.
  void extend_timeout(nanoseconds by) const;

  bool is_heard() const { return socket_.has_value(); }
  // How long the service manager waits for `watchdog` before it ends the agent; nothing where
  // it does not.
  std::optional<nanoseconds> watchdog_timeout() const { return watchdog_timeout_; }

 private:
  void send(std::string_view message) const {
    if (socket_) socket_->send(message);
  }

  std::optional<DatagramSocket> socket_;
  std::optional<nanoseconds> watchdog_timeout_;
};

}  // namespace levada::agent

#include "agent/observe/notifier.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "agent/base/numbers.h"

namespace levada::agent {
namespace {

std::string microseconds(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

}  // namespace

Notifier::Notifier() {
  const char* address = std::getenv("NOTIFY_SOCKET");
  if (!address || (*address != '/' && *address != '@')) return;
  socket_.emplace(address);
  const char* timeout = std::getenv("WATCHDOG_USEC");
  const char* process = std::getenv("WATCHDOG_PID");
  int64_t usec = 0;
  if (!timeout || !read_number(timeout, usec) || usec <= 0) return;
  if (process && process != std::to_string(::getpid())) return;
  watchdog_timeout_ = std::chrono::microseconds(usec);
}

void Notifier::reloading(nanoseconds now) const { send("RELOADING=1\nMONOTONIC_USEC=" + microseconds(now)); }

void Notifier::status(std::string_view line) const {
  std::string text = "STATUS=" + std::string(line);
  std::replace(text.begin(), text.end(), '\n', ' ');
  send(text);
}

void Notifier::extend_timeout(nanoseconds by) const { send("EXTEND_TIMEOUT_USEC=" + microseconds(by)); }

}  // namespace levada::agent

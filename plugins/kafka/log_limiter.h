// Passes librdkafka's log lines on to the host, each kind at most once a minute.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "levada/host.h"

namespace levada {

class LogLimiter {
 public:
  explicit LogLimiter(Host host) : host_(host) {}

  // Lines that differ only in numbers, or in "(after ...)" at their end, are
  // of one kind. From any thread.
  void write(int syslog_level, std::string_view facility, std::string_view message);
  // The last line that told of a problem, held back or not; empty if there was none.
  std::string last_problem() const {
    const std::lock_guard lock(mutex_);
    return last_problem_;
  }

 private:
  struct Kind {
    std::chrono::nanoseconds next{0};
    int64_t held_back = 0;
  };
  const Host host_;
  mutable std::mutex mutex_;
  std::map<std::string, Kind, std::less<>> kinds_;
  std::string last_problem_;
};

}  // namespace levada

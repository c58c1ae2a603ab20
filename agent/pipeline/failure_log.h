// Warnings about something that fails again and again: the first, any
// that is new, and one a minute.
#pragma once

#include <chrono>
#include <string>

#include "agent/flow/account.h"
#include "agent/observe/log.h"

namespace levada::agent {

class FailureLog {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  // Failed at `now`. Messages that differ in numbers only are the same.
  void warn(const std::string& component, const std::string& message, nanoseconds now) {
    std::string kind;
    write_kind(message, kind);
    if (kind == kind_ && now - logged_ < std::chrono::minutes(1)) {
      ++left_out_;
      return;
    }
    log_warning(component, message + "; trying again" +
                               (left_out_ > 0 ? ", failed " + std::to_string(left_out_) + " times more before" : ""));
    kind_ = std::move(kind);
    logged_ = now;
    left_out_ = 0;
  }
  void succeeded() { kind_.clear(); }

 private:
  std::string kind_;
  nanoseconds logged_{};
  int64_t left_out_ = 0;
};

}  // namespace levada::agent

// A broker that is down fills a log with the same line: what repeats is counted instead.
#include "kafka/log_limiter.h"

#include <algorithm>

namespace levada {
namespace {

constexpr std::chrono::minutes kPause{1};
constexpr size_t kMostKinds = 200;

std::string kind_of(std::string_view facility, std::string_view message) {
  std::string kind(facility);
  message = message.substr(0, message.find(" (after "));
  std::copy_if(message.begin(), message.end(), std::back_inserter(kind), [](char c) { return c < '0' || c > '9'; });
  return kind;
}

}  // namespace

void LogLimiter::write(int syslog_level, std::string_view facility, std::string_view message) {
  std::string line = "librdkafka: " + std::string(message);
  {
    const std::lock_guard lock(mutex_);
    if (syslog_level <= 4) last_problem_ = message;
    const auto now = host_.monotonic();
    if (kinds_.size() > kMostKinds) kinds_.clear();
    Kind& kind = kinds_[kind_of(facility, message)];
    if (now < kind.next) {
      ++kind.held_back;
      return;
    }
    kind.next = now + kPause;
    if (kind.held_back > 0) line += " (and " + std::to_string(kind.held_back) + " like it since it was last shown)";
    kind.held_back = 0;
  }
  // An error of librdkafka is one that it goes on to mend by itself.
  if (syslog_level <= 4) return host_.warning(line);
  if (syslog_level <= 6) return host_.info(line);
  host_.debug(line);
}

}  // namespace levada

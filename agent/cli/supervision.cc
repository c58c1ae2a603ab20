#include "agent/cli/supervision.h"

#include "agent/base/numbers.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

using std::chrono::seconds;

// every_second comes so often at the least, however busy the machine.
constexpr auto kTick = seconds(1);
constexpr auto kStatusEvery = seconds(5);
// A start, or a stop, that goes on asks for so much more time each second.
constexpr auto kMoreTime = seconds(15);

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace

Supervision::Supervision(const Notifier& notifier, const Progress& progress, const Metrics& metrics,
                         const levada_clock& clock, nanoseconds stop_timeout)
    : notifier_(notifier), progress_(progress), metrics_(metrics), clock_(clock), stop_timeout_(stop_timeout) {}

void Supervision::started() {
  notifier_.ready();
  started_ = true;
}

void Supervision::every_second(bool is_stopping) {
  if (!notifier_.is_heard()) return;
  const auto at = now();
  if (is_stopping) draining(at);
  // Recovering a large channel takes its time, and a disk that is full is waited for.
  else if (!started_) notifier_.extend_timeout(kMoreTime);
  vouch(at);
  tell_status(at);
}

// Behind stop_timeout nothing more is asked for: who hangs then is to be killed.
void Supervision::draining(nanoseconds now) {
  if (!stopping_) {
    stopping_ = true;
    stopping_since_ = now;
    notifier_.stopping();
  }
  if (now - stopping_since_ <= stop_timeout_) notifier_.extend_timeout(kMoreTime);
}

void Supervision::closing() const { notifier_.extend_timeout(stop_timeout_ + kMoreTime); }

void Supervision::vouch(nanoseconds now) {
  const auto timeout = notifier_.watchdog_timeout();
  if (!timeout) return;
  const auto stuck = progress_.stuck(now, *timeout);
  for (const auto& [name, duration] : stuck)
    if (stuck_.insert(name).second)
      log_error(name, "a call has not come back for " +
                          std::to_string(std::chrono::duration_cast<seconds>(duration).count()) +
                          " s: the service manager is to restart the agent");
  if (!stuck.empty()) return;
  stuck_.clear();
  // At half of the timeout, and not behind it.
  if (vouched_ && now - *vouched_ + kTick < *timeout / 2) return;
  vouched_ = now;
  notifier_.watchdog();
}

void Supervision::tell_status(nanoseconds now) {
  if (told_at_ && now - *told_at_ < kStatusEvery) return;
  told_at_ = now;
  auto line = status();
  if (line == told_) return;
  notifier_.status(line);
  told_ = std::move(line);
}

std::string Supervision::status() const {
  std::string line = stopping_ ? "stopping" : started_ ? "running" : "starting";
  line += ": rows read " + grouped(metrics_.total("rows_read")) + ", written " +
          grouped(metrics_.total("rows_written")) + ", rejected " + grouped(metrics_.total("rows_rejected"));
  if (const auto failed = progress_.failed(); !failed.empty()) line += "; failed: " + joined(failed);
  if (!stuck_.empty()) line += "; stuck: " + joined({stuck_.begin(), stuck_.end()});
  return line;
}

}  // namespace levada::agent

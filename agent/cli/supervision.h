// What the service manager hears of an agent that runs: that it is ready, how it is, that it
// moves, and how long it will take to stop.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "agent/observe/metrics.h"
#include "agent/observe/notifier.h"
#include "agent/observe/progress.h"
#include "levada/plugin.h"

namespace levada::agent {

// One that is stuck is not vouched for any more, so that the service manager ends and restarts
// the agent.
class Supervision {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  Supervision(const Notifier& notifier, const Progress& progress, const Metrics& metrics, const levada_clock& clock,
              nanoseconds stop_timeout);

  // The pipeline runs. [any thread]
  void started();
  // To be called about once a second, from before the start until it has stopped.
  void every_second(bool is_stopping);
  // Components are closed now, for at most the time that stopping may take.
  void closing() const;
  // One line about the agent.
  std::string status() const;

 private:
  void draining(nanoseconds now);
  void vouch(nanoseconds now);
  void tell_status(nanoseconds now);
  nanoseconds now() const { return nanoseconds{clock_.monotonic(clock_.context)}; }

  const Notifier& notifier_;
  const Progress& progress_;
  const Metrics& metrics_;
  const levada_clock& clock_;
  const nanoseconds stop_timeout_;
  std::atomic<bool> started_{false};
  bool stopping_ = false;
  nanoseconds stopping_since_{};
  std::optional<nanoseconds> vouched_, told_at_;
  std::string told_;
  std::set<std::string> stuck_;  // Those that the log has named.
};

}  // namespace levada::agent

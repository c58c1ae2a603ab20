// Whether the agent's threads move: a hang inside a plugin is seen from outside of it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace levada::agent {

// Each thread that calls plugins marks its turns. Who waits, for rows, for room or until a server
// that was away is tried again, comes back from its turn: only a turn that does not come back is
// stuck. All times are monotonic.
class Progress {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  // The turns of one thread. `progress` outlives it; null: nobody looks.
  class Turns {
   public:
    Turns(Progress* progress, std::string name);
    ~Turns();
    Turns(const Turns&) = delete;
    Turns& operator=(const Turns&) = delete;

    // A turn begins, and the last one has come back.
    void begin(nanoseconds now) { since_.store(now.count(), std::memory_order_relaxed); }
    // No turn is under way.
    void pause() { since_.store(kNone, std::memory_order_relaxed); }
    // It cannot go on: no turn follows.
    void fail() { since_.store(kFailed, std::memory_order_relaxed); }

   private:
    friend class Progress;
    static constexpr int64_t kNone = -1, kFailed = -2;

    Progress* const progress_;
    const std::string name_;
    std::atomic<int64_t> since_{kNone};  // When the turn that is under way began, or one of the above.
  };

  struct Stuck {
    std::string name;  // "sinks.kafka", "sources.spool, worker 2"
    nanoseconds duration;
    bool operator==(const Stuck&) const = default;
  };
  // Those whose turn has been under way for longer than that, the longest first. [any thread]
  std::vector<Stuck> stuck(nanoseconds now, nanoseconds longer_than) const;
  // Those that cannot go on, by their names; the agent goes on without them. [any thread]
  std::vector<std::string> failed() const;

 private:
  mutable std::mutex mutex_;
  std::vector<const Turns*> all_;
};

}  // namespace levada::agent

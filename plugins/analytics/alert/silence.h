// Which keys of a rule have had no rows, or no changes, for too long, by the machine's clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "levada/saved_state.h"

namespace levada::alert {

// Keys are numbers from 0. All have the same span, so those that are waited for stand in the order
// in which they came last.
class Silence {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  explicit Silence(nanoseconds span) : span_(span) {}

  // The key came, at that monotonic time. For how long it had stayed away, where that was told.
  std::optional<nanoseconds> came(uint32_t key, nanoseconds now);
  // The same, where the value may be the one that it had: then it has not come.
  std::optional<nanoseconds> came(uint32_t key, uint64_t value, nanoseconds now);

  // When the first of them has been away for too long; max where none is waited for.
  nanoseconds due() const { return first_ == kNone ? nanoseconds::max() : keys_[first_].last + span_; }
  // One that is due, which is told with it, and for how long it has stayed away.
  struct Missing {
    uint32_t key;
    nanoseconds away;
  };
  std::optional<Missing> next(nanoseconds now);

  void save(StateWriter& to, nanoseconds now) const;
  // Of so many keys. The time in which the agent did not run does not count.
  void load(StateReader& from, size_t keys, nanoseconds now);

 private:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  struct Key {
    nanoseconds last{0};
    uint64_t value = 0;
    uint32_t before = kNone, behind = kNone;
    bool known = false, told = false;
  };
  void unlink(uint32_t key);
  void link_last(uint32_t key);

  nanoseconds span_;
  std::vector<Key> keys_;
  uint32_t first_ = kNone, last_ = kNone;  // Of those that are waited for.
};

}  // namespace levada::alert

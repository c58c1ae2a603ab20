// Times in a state, each as its distance from the one before: as they lie close to each other, a
// few bytes for each.
#pragma once

#include <cstdint>

#include "levada/saved_state.h"

namespace levada::analytics {

// One for all times of a state, which come in the same order when it is loaded.
class SavedTimes {
 public:
  void save(int64_t time, StateWriter& to) {
    const uint64_t distance = static_cast<uint64_t>(time) - before_;
    before_ = static_cast<uint64_t>(time);
    // A distance back is about as short as one ahead.
    to.number(distance << 1 ^ (distance >> 63 == 0 ? 0 : ~uint64_t{0}));
  }
  int64_t load(StateReader& from) {
    const uint64_t number = from.number();
    before_ += number >> 1 ^ (number % 2 == 0 ? 0 : ~uint64_t{0});
    return static_cast<int64_t>(before_);
  }

 private:
  uint64_t before_ = 0;
};

}  // namespace levada::analytics

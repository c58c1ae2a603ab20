// Whether a value, or its movement, has been beyond a limit for long enough: of one key.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "levada/saved_state.h"
#include "rule.h"

namespace levada::alert {

class Level {
 public:
  // What begins or ends with a value; `since`: when it first was beyond the limit.
  struct Change {
    bool begins = false;
    int64_t since = 0;
    double value = 0;  // Or the movement.
  };

  // The next value, in the order of time; microseconds.
  std::optional<Change> see(const Rule& rule, int64_t time, double value);

  void save(StateWriter& to) const;
  void load(StateReader& from);

 private:
  // Of a slice of the window: its least value, or its greatest where falls are looked for.
  struct Extreme {
    int64_t slice;
    double value;
  };
  double movement(const Rule& rule, int64_t time, double value);

  bool on_ = false, pending_ = false;
  int64_t since_ = 0;
  std::vector<Extreme> extremes_;  // In the order of slices, and of values.
};

}  // namespace levada::alert

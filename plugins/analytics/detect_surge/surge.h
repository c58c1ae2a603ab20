// The counts of one value, tick by tick, and whether they are a surge.
//
// S(t) is how many rows came in the window of ticks that ends with t. It is a surge where it is
// more than a threshold, or more than so many times the mean of S over the ticks before t.
#pragma once

#include <cstdint>
#include <optional>

#include "analytics/block_pool.h"

namespace levada::detect_surge {

// Rows of one tick.
struct Count {
  int64_t tick;
  int64_t rows;
};

struct Limits {
  int64_t window = 0;                // In ticks, as is the baseline.
  std::optional<int64_t> threshold;  // A surge is more.
  std::optional<double> factor;      // A surge is more than so many times the mean of the baseline,
  int64_t baseline = 0;
  int64_t minimum = 1;  // and at least that.
  // With no more rows in the window nothing can be a surge.
  int64_t harmless() const {
    if (!factor) return *threshold;
    return threshold ? std::min(*threshold, minimum - 1) : minimum - 1;
  }
};

// One that goes on.
struct Surge {
  bool on;
  int64_t begin, end, peak;  // The first and the last tick, and the greatest S.

  void save(StateWriter& to) const;
  void load(StateReader& from);
};

// In the record of a value: zero bytes are one without rows.
struct Counts {
  analytics::Ring<Count> ticks;  // As far back as it matters.
  uint32_t old;                  // So many of them are no longer in the window.
  bool is_watched;               // What its owner keeps with it.
  int64_t in_window;             // S
  Surge absolute, relative;

  bool has_surge() const { return absolute.on || relative.on; }
  void add(int64_t tick, const Limits& limits, analytics::BlockPool<Count>& pool);
  // S at the tick, which is not before any that was asked for.
  int64_t at(int64_t tick, const Limits& limits);
  bool exceeds_mean(int64_t tick, const Limits& limits) const;
  // Nothing of it matters any more.
  bool is_over(int64_t tick, const Limits& limits) const {
    return !has_surge() && (ticks.size == 0 || ticks.back().tick <= tick - limits.window - limits.baseline);
  }

  void save(StateWriter& to) const;
  void load(StateReader& from, analytics::BlockPool<Count>& pool);
};

}  // namespace levada::detect_surge

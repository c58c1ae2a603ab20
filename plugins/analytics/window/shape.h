// Where windows of one length lie: [start, start + size) for each start that is a multiple of
// `slide` since 1970. They are made of panes, which windows share. In microseconds.
#pragma once

#include <cstdint>
#include <numeric>

namespace levada::window {

inline int64_t floor_to(int64_t time, int64_t step) {
  const int64_t rest = time % step;
  return time - rest - (rest < 0 ? step : 0);
}

struct Shape {
  int64_t size, slide;

  int64_t pane() const { return std::gcd(size, slide); }
  // The end of the first window that holds the time.
  int64_t first_end(int64_t time) const { return floor_to(time - size, slide) + slide + size; }
  // Of windows that end at the time or before, the last end: what is older lies in one of them.
  int64_t last_end(int64_t time) const { return floor_to(time - size, slide) + size; }
  // Before that time no window is that still has to come when those up to `end` are over.
  int64_t next_start(int64_t end) const { return end + slide - size; }
};

}  // namespace levada::window

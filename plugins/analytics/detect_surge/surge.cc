// S comes along with the rows; the mean of the baseline is worked out only where S is large enough.
#include "surge.h"

#include <algorithm>

#include "analytics/saved_times.h"

namespace levada::detect_surge {
namespace {

class CountCodec {
 public:
  void save(const Count& count, StateWriter& to) {
    ticks_.save(count.tick, to);
    to.number(static_cast<uint64_t>(count.rows));
  }
  Count load(StateReader& from) {
    const int64_t tick = ticks_.load(from);
    return {tick, static_cast<int64_t>(from.number())};
  }

 private:
  analytics::SavedTimes ticks_;
};

}  // namespace

void Surge::save(StateWriter& to) const {
  to.value(on);
  to.value(begin);
  to.value(end);
  to.value(peak);
}

void Surge::load(StateReader& from) {
  on = from.value<bool>();
  begin = from.value<int64_t>();
  end = from.value<int64_t>();
  peak = from.value<int64_t>();
}

void Counts::add(int64_t tick, const Limits& limits, analytics::BlockPool<Count>& pool) {
  at(tick, limits);
  ++in_window;
  if (ticks.size > 0 && ticks.back().tick == tick) ++ticks.back().rows;
  else ticks.push({tick, 1}, pool);
}

int64_t Counts::at(int64_t tick, const Limits& limits) {
  for (; old < ticks.size && ticks[old].tick <= tick - limits.window; ++old) in_window -= ticks[old].rows;
  for (; old > 0 && ticks.front().tick <= tick - limits.window - limits.baseline; --old) ticks.pop();
  return in_window;
}

// The rows of a tick are in S of that tick and of those behind it, as many as a window has.
bool Counts::exceeds_mean(int64_t tick, const Limits& limits) const {
  double sum = 0;
  for (uint32_t at = 0; at < ticks.size; ++at) {
    const Count& count = ticks[at];
    const int64_t first = std::max(count.tick, tick - limits.baseline);
    const int64_t last = std::min(count.tick + limits.window, tick) - 1;
    if (last >= first) sum += static_cast<double>(count.rows) * static_cast<double>(last - first + 1);
  }
  return static_cast<double>(in_window) * static_cast<double>(limits.baseline) > *limits.factor * sum;
}

void Counts::save(StateWriter& to) const {
  CountCodec codec;
  ticks.save(to, codec);
  to.value(old);
  to.value(in_window);
  absolute.save(to);
  relative.save(to);
}

void Counts::load(StateReader& from, analytics::BlockPool<Count>& pool) {
  CountCodec codec;
  ticks.load(from, codec, [&](const Count& count) { ticks.push(count, pool); });
  old = from.value<uint32_t>();
  in_window = from.value<int64_t>();
  absolute.load(from);
  relative.load(from);
  if (old > ticks.size) from.fail();
}

}  // namespace levada::detect_surge

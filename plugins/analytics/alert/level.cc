#include "level.h"

#include <algorithm>

namespace levada::alert {
namespace {

constexpr int64_t kSlices = 60;

int64_t slice_of(int64_t time, int64_t length) { return time / length - (time % length < 0 ? 1 : 0); }

}  // namespace

std::optional<Level::Change> Level::see(const Rule& rule, int64_t time, double value) {
  const bool moves = rule.kind == Rule::Kind::movement;
  const double seen = moves ? movement(rule, time, value) : value;
  const auto beyond = [&](double limit) { return moves || rule.upwards ? seen > limit : seen < limit; };
  if (on_) {
    if (beyond(rule.until)) return std::nullopt;
    on_ = pending_ = false;
    return Change{false, since_, seen};
  }
  if (!beyond(rule.limit)) {
    pending_ = false;
    return std::nullopt;
  }
  if (!pending_) since_ = time;
  pending_ = true;
  if (time - since_ < rule.hold) return std::nullopt;
  on_ = true;
  pending_ = false;
  return Change{true, since_, seen};
}

// From the least value of the window to this one, or down from the greatest.
double Level::movement(const Rule& rule, int64_t time, double value) {
  const int64_t slice = slice_of(time, std::max<int64_t>(1, rule.window / kSlices));
  const double sign = rule.upwards ? 1 : -1;
  while (!extremes_.empty() && extremes_.front().slice <= slice - kSlices) extremes_.erase(extremes_.begin());
  while (!extremes_.empty() && sign * extremes_.back().value >= sign * value) extremes_.pop_back();
  if (extremes_.empty() || extremes_.back().slice != slice) extremes_.push_back({slice, value});
  return sign * (value - extremes_.front().value);
}

void Level::save(StateWriter& to) const {
  to.value(on_);
  to.value(pending_);
  to.value(since_);
  to.value(static_cast<uint64_t>(extremes_.size()));
  for (const auto& each : extremes_) {
    to.value(each.slice);
    to.value(each.value);
  }
}

void Level::load(StateReader& from) {
  on_ = from.value<bool>();
  pending_ = from.value<bool>();
  since_ = from.value<int64_t>();
  const auto count = from.value<uint64_t>();
  if (count > static_cast<uint64_t>(kSlices) + 1) return from.fail();
  extremes_.clear();
  for (uint64_t at = 0; at < count && from.good(); ++at) {
    Extreme each;
    each.slice = from.value<int64_t>();
    each.value = from.value<double>();
    extremes_.push_back(each);
  }
}

}  // namespace levada::alert

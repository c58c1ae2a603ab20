#include "silence.h"

#include <algorithm>

namespace levada::alert {

void Silence::unlink(uint32_t key) {
  const Key& state = keys_[key];
  (state.before == kNone ? first_ : keys_[state.before].behind) = state.behind;
  (state.behind == kNone ? last_ : keys_[state.behind].before) = state.before;
}

void Silence::link_last(uint32_t key) {
  Key& state = keys_[key];
  state.before = last_;
  state.behind = kNone;
  (last_ == kNone ? first_ : keys_[last_].behind) = key;
  last_ = key;
}

std::optional<std::chrono::nanoseconds> Silence::came(uint32_t key, nanoseconds now) {
  if (key >= keys_.size()) keys_.resize(key + 1);
  Key& state = keys_[key];
  std::optional<nanoseconds> away;
  if (state.told) away = now - state.last;
  if (state.known && !state.told) unlink(key);
  state.known = true;
  state.told = false;
  state.last = now;
  link_last(key);
  return away;
}

std::optional<std::chrono::nanoseconds> Silence::came(uint32_t key, uint64_t value, nanoseconds now) {
  if (key < keys_.size() && keys_[key].known && keys_[key].value == value) return std::nullopt;
  auto away = came(key, now);
  keys_[key].value = value;
  return away;
}

std::optional<Silence::Missing> Silence::next(nanoseconds now) {
  if (due() > now) return std::nullopt;
  const uint32_t key = first_;
  unlink(key);
  keys_[key].told = true;
  return Missing{key, now - keys_[key].last};
}

void Silence::save(StateWriter& to, nanoseconds now) const {
  to.value(static_cast<uint64_t>(keys_.size()));
  for (const Key& key : keys_) {
    to.value(key.known);
    to.value(key.told);
    to.value(key.value);
    to.value((now - key.last).count());
  }
}

void Silence::load(StateReader& from, size_t keys, nanoseconds now) {
  keys_.clear();
  first_ = last_ = kNone;
  const auto count = from.value<uint64_t>();
  if (count > keys) return from.fail();
  std::vector<uint32_t> order;
  for (uint64_t at = 0; at < count && from.good(); ++at) {
    Key key;
    key.known = from.value<bool>();
    key.told = from.value<bool>();
    key.value = from.value<uint64_t>();
    key.last = now - nanoseconds(from.value<int64_t>());
    if (key.known && !key.told) order.push_back(static_cast<uint32_t>(at));
    keys_.push_back(key);
  }
  if (!from.good()) return;
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return keys_[a].last < keys_[b].last; });
  for (const auto key : order) link_last(key);
}

}  // namespace levada::alert

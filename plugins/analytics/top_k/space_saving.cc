// Counters in a heap, found by their keys.
#include "space_saving.h"

#include <algorithm>

namespace levada::top_k {

// Of equal counters the younger key's is handed on: the order of rows alone decides.
bool SpaceSaving::is_less(const Counter& a, const Counter& b) const {
  return a.weight != b.weight ? a.weight < b.weight : a.key > b.key;
}

void SpaceSaving::put(size_t at, const Counter& counter) {
  heap_[at] = counter;
  table_.state<State>(counter.key).place = static_cast<uint32_t>(at) + 1;
}

void SpaceSaving::sink(size_t at) {
  const Counter counter = heap_[at];
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && is_less(heap_[child + 1], heap_[child])) ++child;
    if (!is_less(heap_[child], counter)) break;
    put(at, heap_[child]);
    at = child;
  }
  put(at, counter);
}

void SpaceSaving::rise(size_t at) {
  const Counter counter = heap_[at];
  for (; at > 0 && is_less(counter, heap_[(at - 1) / 2]); at = (at - 1) / 2) put(at, heap_[(at - 1) / 2]);
  put(at, counter);
}

void SpaceSaving::add(Key key, double weight) {
  const auto number = table_.find_or_add(key);
  if (const auto place = table_.state<State>(number).place; place != 0) {
    heap_[place - 1].weight += weight;
    return sink(place - 1);
  }
  if (heap_.size() < counters_max_) {
    heap_.push_back({number, weight, 0});
    return rise(heap_.size() - 1);
  }
  const Counter least = heap_[0];
  table_.state<State>(least.key).place = 0;
  heap_[0] = {number, least.weight + weight, least.weight};
  sink(0);
  if (table_.size() >= 4 * counters_max_ + 1024) forget_keys();
}

std::vector<SpaceSaving::Counter> SpaceSaving::greatest(size_t count) const {
  std::vector<Counter> all = heap_;
  count = std::min(count, all.size());
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(),
                    [&](const Counter& a, const Counter& b) { return is_less(b, a); });
  all.resize(count);
  return all;
}

// Those without a counter.
void SpaceSaving::forget_keys() {
  table_.retain([&](auto number) { return table_.state<State>(number).place != 0; },
                [&](auto from, auto to) { heap_[table_.state<State>(from).place - 1].key = to; });
}

void SpaceSaving::save(StateWriter& to) const {
  table_.save(to);
  to.value(static_cast<uint64_t>(heap_.size()));
  for (const auto& counter : heap_) {
    to.value(counter.key);
    to.value(counter.weight);
    to.value(counter.error);
  }
}

void SpaceSaving::load(StateReader& from, size_t key_columns) {
  clear();
  table_.load(from, key_columns);
  const auto count = from.value<uint64_t>();
  if (count > counters_max_ || count > table_.size()) return from.fail();
  for (uint64_t at = 0; at < count; ++at) {
    const auto key = from.value<KeyTable::Number>();
    const auto weight = from.value<double>(), error = from.value<double>();
    if (key >= table_.size()) return from.fail();
    heap_.push_back({key, weight, error});
    if (table_.state<State>(key).place != at + 1) return from.fail();
  }
}

void SpaceSaving::clear() {
  table_.clear();
  heap_.clear();
}

}  // namespace levada::top_k

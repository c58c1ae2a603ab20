// The keys with the greatest weights, by the algorithm Space-Saving: a fixed number of counters, of
// which the least is handed on to a key that has none.
//
// What a counter says is never less than the true weight, and more by `error` at most. A key whose
// weight is more than the sum of all weights divided by the number of counters always has one.
#pragma once

#include <cstdint>
#include <vector>

#include "levada/key_table.h"

namespace levada::top_k {

class SpaceSaving {
 public:
  struct Counter {
    KeyTable::Number key;
    double weight;
    double error;  // What it had when the key came.
  };

  explicit SpaceSaving(size_t counters) : counters_max_(counters) {}

  void add(Key key, double weight);
  // The greatest first; of equal ones that whose key came first.
  std::vector<Counter> greatest(size_t count) const;
  Key key(const Counter& counter) const { return table_.key(counter.key); }
  bool empty() const { return heap_.empty(); }

  void save(StateWriter& to) const;
  void load(StateReader& from, size_t key_columns);
  void clear();

 private:
  // Of a key, in its record: where its counter is in the heap, and 1; 0 where it has none any more.
  struct State {
    uint32_t place;
  };
  bool is_less(const Counter& a, const Counter& b) const;
  void put(size_t at, const Counter& counter);
  void sink(size_t at);
  void rise(size_t at);
  void forget_keys();

  const size_t counters_max_;
  KeyTable table_{sizeof(State)};
  std::vector<Counter> heap_;  // The least counter is the first.
};

}  // namespace levada::top_k

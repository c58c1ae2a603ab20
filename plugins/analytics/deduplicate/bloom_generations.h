// Whether a key was seen within a time to live, by Bloom filters, one for each quarter of that
// time. A key that was seen is always known; one that was not may be taken for known.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "levada/saved_state.h"

namespace levada::deduplicate {

class BloomGenerations {
 public:
  // For so many keys within `ttl` (microseconds), of which about `error` are wrongly taken for
  // known.
  BloomGenerations(int64_t ttl, int64_t keys, double error);

  // Time comes to `time`, which never goes back: forgets what is over a time to live, and at the
  // latest a quarter of it later.
  void pass(int64_t time);
  // Whether the key, by its hash, was added; adds it where it was not.
  bool knows_or_adds(uint64_t hash);
  void prefetch(uint64_t hash) const;
  // More keys than it was made for are in the filter that is filled now.
  bool is_overfull() const { return added_ > keys_; }
  size_t bytes() const { return kFilters * words_ * sizeof(uint64_t); }

  void save(StateWriter& to) const;
  void load(StateReader& from);
  void forget();

  // Whether it knows which filters have changed since begin_changes: not behind forget and a load.
  bool knows_changes() const { return knows_changes_; }
  void begin_changes();
  // Those filters, and begins anew.
  void save_changes(StateWriter& to);
  void load_changes(StateReader& from);

 private:
  static constexpr int64_t kQuarters = 4;
  static constexpr size_t kFilters = kQuarters + 1;  // One is filled while four are whole.
  static constexpr size_t kBlock = 8;                // All bits of a key are in so many words, a line of the cache.

  // The bits of a key in its block.
  struct Bits {
    size_t block;
    std::array<uint64_t, kBlock> masks;
  };
  static size_t place_of(int64_t quarter) {
    constexpr auto kCount = static_cast<int64_t>(kFilters);
    return static_cast<size_t>((quarter % kCount + kCount) % kCount);
  }
  // To be changed.
  std::vector<uint64_t>& filter_of(int64_t quarter) {
    const size_t place = place_of(quarter);
    is_changed_[place] = true;
    return filters_[place];
  }
  Bits bits_of(uint64_t hash) const;
  size_t block_of(uint64_t hash) const;

  const int64_t span_;
  const uint64_t keys_;
  size_t words_;  // Of a filter; a power of two.
  int probes_;
  std::array<std::vector<uint64_t>, kFilters> filters_;
  int64_t quarter_;  // The number of the one that goes on.
  uint64_t added_ = 0;
  bool knows_changes_ = false;
  std::array<bool, kFilters> is_changed_{};
};

}  // namespace levada::deduplicate

// Finds the row of a table by a key that is one integer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace levada::join {

class IntegerIndex {
 public:
  // A key that is not there yet.
  void add(int64_t key, int64_t row) {
    if (2 * (used_ + 1) > slots_.size()) grow();
    ++used_;
    slots_[place_of(key)] = {key, row};
  }
  // -1 where there is none.
  int64_t find(int64_t key) const { return slots_[place_of(key)].row; }
  // Of each key its row, or `none`.
  void find(std::span<const int64_t> keys, int64_t none, int64_t* rows) const {
    for (const int64_t key : keys) {
      const int64_t row = find(key);
      *rows++ = row < 0 ? none : row;
    }
  }

 private:
  struct Slot {
    int64_t key = 0;
    int64_t row = -1;  // -1: nothing is here.
  };

  // Where the key is, or would be.
  size_t place_of(int64_t key) const {
    constexpr uint64_t kSpread = 0x9e3779b97f4a7c15;
    const size_t mask = slots_.size() - 1;
    size_t at = (static_cast<uint64_t>(key) * kSpread >> 32) & mask;
    while (slots_[at].row >= 0 && slots_[at].key != key) at = (at + 1) & mask;
    return at;
  }
  // At most half of the slots are used, so each search ends soon.
  void grow() {
    const auto old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    for (const Slot& slot : old)
      if (slot.row >= 0) slots_[place_of(slot.key)] = slot;
  }

  std::vector<Slot> slots_ = std::vector<Slot>(16);
  size_t used_ = 0;
};

}  // namespace levada::join

// How often a visitor was in each category: a small hash table in a block of a pool.
#pragma once

#include <cstdint>

#include "analytics/block_pool.h"

namespace levada::detect_bots {

// A category by its fingerprint; it is in use where its count is not 0.
struct CategoryCount {
  uint64_t category;
  uint64_t count;
};

// In the record of a visitor: zero bytes are an empty one.
struct Categories {
  using Pool = analytics::BlockPool<CategoryCount>;

  CategoryCount* block;
  uint32_t room;
  uint32_t size;  // Categories with a count; its owner counts them where there is no block.

  void add(uint64_t category, Pool& pool);
  // One that was added, and was not removed as often.
  void remove(uint64_t category);
  void release(Pool& pool) {
    pool.give(block, room);
    *this = {};
  }
  void prefetch() const { __builtin_prefetch(block); }

  void save(StateWriter& to) const;
  // Into an empty one.
  void load(StateReader& from, Pool& pool);

 private:
  CategoryCount& find(uint64_t category) const;
  void add(const CategoryCount& count, Pool& pool);
  void grow(Pool& pool);
};

}  // namespace levada::detect_bots

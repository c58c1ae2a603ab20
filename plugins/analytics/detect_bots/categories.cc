// Open addressing, by the low bits of the fingerprint; at least a quarter of the places is free.
// The least block fills a line of the cache.
#include "categories.h"

#include <algorithm>

namespace levada::detect_bots {
namespace {

constexpr uint32_t kLeastRoom = 64 / sizeof(CategoryCount);

}  // namespace

// Where it is, or would be.
CategoryCount& Categories::find(uint64_t category) const {
  uint32_t at = static_cast<uint32_t>(category) & (room - 1);
  while (block[at].count != 0 && block[at].category != category) at = (at + 1) & (room - 1);
  return block[at];
}

void Categories::add(uint64_t category, Pool& pool) { add({category, 1}, pool); }

void Categories::add(const CategoryCount& count, Pool& pool) {
  if (4 * (size + 1) > 3 * room) grow(pool);
  auto& place = find(count.category);
  if (place.count == 0) {
    place.category = count.category;
    ++size;
  }
  place.count += count.count;
}

void Categories::grow(Pool& pool) {
  Categories grown{nullptr, room == 0 ? kLeastRoom : 2 * room, 0};
  grown.block = pool.take(grown.room);
  std::fill_n(grown.block, grown.room, CategoryCount{0, 0});
  for (uint32_t at = 0; at < room; ++at)
    if (block[at].count != 0) grown.add(block[at], pool);
  release(pool);
  *this = grown;
}

void Categories::remove(uint64_t category) {
  auto& place = find(category);
  if (place.count == 0 || --place.count > 0) return;
  --size;
  // Those behind it that would not be found over a gap move up.
  const uint32_t mask = room - 1;
  auto gap = static_cast<uint32_t>(&place - block);
  for (uint32_t at = (gap + 1) & mask; block[at].count != 0; at = (at + 1) & mask) {
    const auto home = static_cast<uint32_t>(block[at].category) & mask;
    if (((at - home) & mask) < ((at - gap) & mask)) continue;
    block[gap] = block[at];
    block[at].count = 0;
    gap = at;
  }
}

void Categories::save(StateWriter& to) const {
  to.value(size);
  for (uint32_t at = 0; at < room; ++at)
    if (block[at].count != 0) to.value(block[at]);
}

void Categories::load(StateReader& from, Pool& pool) {
  const auto count = from.value<uint32_t>();
  if (count > from.left() / sizeof(CategoryCount)) return from.fail();
  for (uint32_t at = 0; at < count; ++at) {
    const auto each = from.value<CategoryCount>();
    if (each.count == 0) return from.fail();
    add(each, pool);
  }
  if (size != count) from.fail();
}

}  // namespace levada::detect_bots

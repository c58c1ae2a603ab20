#include "join/key_index.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

namespace levada::join {
namespace {

// The integer that a key of one part is. 007 and -0 are none: that is not how one is written.
std::optional<int64_t> integer_of(std::string_view key) {
  uint32_t size = 0;
  std::memcpy(&size, key.data(), std::min(key.size(), sizeof size));
  if (key.size() != sizeof size + size) return std::nullopt;
  const auto part = key.substr(sizeof size);
  int64_t integer = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), integer);
  if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
  char written[20];
  const auto* const last = std::to_chars(written, std::end(written), integer).ptr;
  return part == std::string_view(written, last) ? std::optional(integer) : std::nullopt;
}

}  // namespace

uint64_t KeyIndex::hash_of(std::string_view key) { return std::hash<std::string_view>()(key); }

size_t KeyIndex::slot_of(std::string_view key, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.row < 0) return at;
    if (slot.hash == hash && std::string_view(texts_).substr(slot.begin, slot.size) == key) return at;
  }
}

// At most half of the slots are used, so each search ends soon.
void KeyIndex::grow() {
  const auto old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.row < 0) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].row >= 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

int64_t KeyIndex::add(std::string_view key, int64_t row) {
  if (2 * (used_ + 1) > slots_.size()) grow();
  const auto hash = hash_of(key);
  Slot& slot = slots_[slot_of(key, hash)];
  if (slot.row >= 0) return slot.row;
  slot = {hash, row, texts_.size(), key.size()};
  texts_ += key;
  ++used_;
  if (const auto integer = integer_of(key)) integers_.add(*integer, row);
  return -1;
}

int64_t KeyIndex::find(std::string_view key) const { return slots_[slot_of(key, hash_of(key))].row; }

void KeyIndex::append_part(std::string_view part, std::string& key) {
  const auto size = static_cast<uint32_t>(part.size());
  char bytes[sizeof size];
  std::memcpy(bytes, &size, sizeof size);
  key.append(bytes, sizeof size).append(part);
}

}  // namespace levada::join

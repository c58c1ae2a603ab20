// A state for each key: a hash table with open addressing over records of one size.
//
// A record is the key, up to 19 bytes of it in place, and the state, bytes that are zero when the
// key comes first. Records stay where they are as the table grows, and are numbered from 0 in the
// order in which their keys came. Rows are looked up in groups, with what they need fetched ahead
// into the cache: a table that is larger than the cache costs little more than one that is not.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "levada/keyed_records.h"
#include "levada/record_blocks.h"
#include "levada/row_keys.h"

namespace levada {

class KeyTable : public KeyedRecords<KeyTable> {
 public:
  explicit KeyTable(size_t state_bytes) : records_(sizeof(StoredKey) + (state_bytes + 7) / 8 * 8) {}

  size_t size() const { return size_; }
  // Memory that it holds.
  size_t bytes() const {
    return slots_.capacity() * sizeof(uint64_t) + size_ * records_.record_bytes() + arena_bytes_ + sizeof *this;
  }
  // What it may hold at most once so many keys were added: the table doubles its slots.
  size_t bytes_with(size_t keys, size_t key_bytes) const {
    const size_t slots = size_ + keys > room(slots_.size()) ? slots_for(size_ + keys) : slots_.size();
    return slots * sizeof(uint64_t) + (size_ + keys) * records_.record_bytes() + arena_bytes_ + key_bytes +
           sizeof *this;
  }

  // The record of a key, which is added where it is new.
  Number find_or_add(Key key) {
    reserve(1);
    return find_or_add(key, RowKeys::hash(key));
  }
  // For each of these rows the record of its key, into `numbers`.
  void find_or_add(const RowKeys& keys, std::span<const int64_t> rows, Number* numbers) {
    find_or_add_all(
        rows.size(), [&](size_t first, std::span<Key> to) { keys.take(rows.subspan(first, to.size()), to.data()); },
        numbers);
  }
  // For each record of another table, from the first one on, the record of its key here.
  template <class Other>
  void find_or_add(const Other& other, Number* numbers) {
    find_or_add_all(
        other.size(),
        [&](size_t first, std::span<Key> to) {
          for (auto& key : to) key = other.key(static_cast<Number>(first++));
        },
        numbers);
  }
  // The record of a key, or kNone.
  static constexpr Number kNone = ~Number{0};
  Number find(Key key) const {
    if (slots_.empty()) return kNone;
    const auto hash = RowKeys::hash(key);
    for (size_t at = place_of(hash); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1))
      if (tag_in(slots_[at]) == tag_of(hash) && is(number_in(slots_[at]), key)) return number_in(slots_[at]);
    return kNone;
  }

  char* state(Number number) { return records_[number] + sizeof(StoredKey); }
  const char* state(Number number) const { return records_[number] + sizeof(StoredKey); }
  template <class T>
  T& state(Number number) {
    return *reinterpret_cast<T*>(state(number));
  }
  template <class T>
  const T& state(Number number) const {
    return *reinterpret_cast<const T*>(state(number));
  }
  Key key(Number number) const { return stored(number).key(); }
  // Calls each(number, state) for the records from `first` on, before `end`.
  template <class Each>
  void for_each(Number first, size_t end, Each each) const {
    records_.for_each(first, end, [&](Number number, const char* record) { each(number, record + sizeof(StoredKey)); });
  }
  // Fetches its record into the cache.
  void prefetch(Number number) const { records_.prefetch(number); }

  // Forgets all keys, and keeps memory for as many.
  void clear() {
    forget_changes();
    std::fill(slots_.begin(), slots_.end(), 0);
    size_ = 0;
    arena_.clear();
    arena_bytes_ = arena_left_ = 0;
  }
  // Keeps the keys for whose records keep(number) says so; records are numbered anew, in the same
  // order. `moved(from, to)` comes for each that stays.
  template <class Keep, class Moved>
  void retain(Keep keep, Moved moved) {
    KeyTable kept(records_.record_bytes() - sizeof(StoredKey));
    std::vector<Number> numbers(size_, kNone);
    for (Number number = 0; number < size_; ++number) {
      if (!keep(number)) continue;
      const Number to = numbers[number] = kept.copy(records_[number]);
      moved(number, to);
    }
    // In the order of their slots: without their hashes, and through both from front to back.
    kept.make_slots(slots_for(std::max(kept.size_, size_ / 2)));
    for (const auto slot : slots_)
      if (slot != 0 && numbers[number_in(slot)] != kNone) kept.set_slot(tag_in(slot), numbers[number_in(slot)]);
    *this = std::move(kept);
  }
  template <class Keep>
  void retain(Keep keep) {
    retain(keep, [](Number, Number) {});
  }

 private:
  friend KeyedRecords<KeyTable>;

  // Up to 19 bytes in place, as many as two integers have; of a longer one, where it is.
  struct StoredKey {
    static constexpr size_t kInline = 19;
    uint32_t size;
    char kind;
    char inlined[kInline];
    const char* outside() const {
      const char* text;
      std::memcpy(&text, inlined, sizeof text);
      return text;
    }
    void set_outside(const char* text) { std::memcpy(inlined, &text, sizeof text); }
    Key key() const { return {kind, {size <= kInline ? inlined : outside(), size}}; }
  };
  static_assert(sizeof(StoredKey) == 24);

  // A slot is 0, or the upper half of the hash before the record's number and 1.
  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }
  static uint32_t tag_in(uint64_t slot) { return static_cast<uint32_t>(slot >> 32); }
  static Number number_in(uint64_t slot) { return static_cast<Number>(slot) - 1; }
  static uint64_t slot_of(uint32_t tag, Number number) { return uint64_t{tag} << 32 | (number + 1); }
  size_t place_of(uint64_t hash) const { return tag_of(hash) >> shift_; }

  static size_t room(size_t slots) { return slots / 8 * 5; }
  static size_t slots_for(size_t keys) { return std::bit_ceil(std::max<size_t>(64, keys * 8 / 5 + 8)); }

  size_t state_words() const { return (records_.record_bytes() - sizeof(StoredKey)) / sizeof(uint64_t); }
  size_t changes_room() const { return room(slots_.size()); }
  // `left` with these are to come.
  void add_saved(std::span<const Key> keys, size_t left) {
    Number numbers[kGroup];
    reserve(left);
    find_or_add_all(
        keys.size(), [&](size_t, std::span<Key> to) { std::copy(keys.begin(), keys.end(), to.begin()); }, numbers);
  }

  // So many keys may be added with no growth between.
  void reserve(size_t more) {
    if (size_ + more <= room(slots_.size())) return;
    if (size_ + more >= size_t{1} << 31) throw std::bad_alloc();
    for (const auto slot : make_slots(slots_for(size_ + more)))
      if (slot != 0) set_slot(tag_in(slot), number_in(slot));
    grow_changes();
  }
  // In place of those that come back.
  std::vector<uint64_t> make_slots(size_t count) {
    std::vector<uint64_t> slots(count, 0);
    slots_.swap(slots);
    shift_ = static_cast<unsigned>(32 - std::countr_zero(count));
    return slots;
  }
  // Of a key that has none.
  void set_slot(uint32_t tag, Number number) {
    size_t at = tag >> shift_;
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot_of(tag, number);
  }

  // `take(first, keys)` gives keys from number `first` on.
  template <class Take>
  void find_or_add_all(size_t count, Take take, Number* numbers) {
    Key keys[kGroup];
    uint64_t hashes[kGroup];
    for (size_t first = 0; first < count; first += kGroup) {
      const size_t group = std::min(kGroup, count - first);
      reserve(group);
      take(first, std::span(keys, group));
      for (size_t at = 0; at < group; ++at) {
        hashes[at] = RowKeys::hash(keys[at]);
        __builtin_prefetch(&slots_[place_of(hashes[at])]);
      }
      for (size_t at = 0; at < group; ++at)
        if (const auto slot = slots_[place_of(hashes[at])]; slot != 0) prefetch(number_in(slot));
      for (size_t at = 0; at < group; ++at) numbers[first + at] = find_or_add(keys[at], hashes[at]);
    }
  }
  Number find_or_add(const Key& key, uint64_t hash) {
    const uint64_t* const slots = slots_.data();
    const size_t last = slots_.size() - 1;
    size_t at = place_of(hash);
    for (; slots[at] != 0; at = (at + 1) & last) {
      if (tag_in(slots[at]) != tag_of(hash) || !is(number_in(slots[at]), key)) continue;
      looked_up(number_in(slots[at]));
      return number_in(slots[at]);
    }
    return add(key, hash, at);
  }
  [[gnu::noinline]] Number add(const Key& key, uint64_t hash, size_t slot) {
    const auto number = static_cast<Number>(size_);
    auto& stored = *reinterpret_cast<StoredKey*>(records_.make(number));
    stored.size = static_cast<uint32_t>(key.bytes.size());
    stored.kind = key.kind;
    if (key.bytes.size() > StoredKey::kInline) stored.set_outside(keep(key.bytes));
    else if (!key.bytes.empty()) std::memcpy(stored.inlined, key.bytes.data(), key.bytes.size());
    ++size_;
    changed(number);
    slots_[slot] = slot_of(tag_of(hash), number);
    return number;
  }
  // Of another table, without a slot.
  Number copy(const char* record) {
    const auto number = static_cast<Number>(size_);
    char* const made = records_.make(number);
    std::memcpy(made, record, records_.record_bytes());
    auto& stored = *reinterpret_cast<StoredKey*>(made);
    if (stored.size > StoredKey::kInline) stored.set_outside(keep({stored.outside(), stored.size}));
    ++size_;
    return number;
  }
  const char* keep(std::string_view bytes) {
    constexpr size_t kBlock = size_t{1} << 16;
    if (arena_left_ < bytes.size()) {
      const size_t block = std::max(kBlock, bytes.size());
      arena_.push_back(std::make_unique_for_overwrite<char[]>(block));
      arena_left_ = block;
      arena_at_ = arena_.back().get();
      arena_bytes_ += block;
    }
    char* const to = arena_at_;
    std::memcpy(to, bytes.data(), bytes.size());
    arena_at_ += bytes.size();
    arena_left_ -= bytes.size();
    return to;
  }
  bool is(Number number, const Key& key) const {
    const auto& stored = this->stored(number);
    if (stored.size != key.bytes.size() || stored.kind != key.kind) return false;
    return detail::is_same(stored.key().bytes.data(), key.bytes.data(), key.bytes.size());
  }

  const StoredKey& stored(Number number) const { return *reinterpret_cast<const StoredKey*>(records_[number]); }

  RecordBlocks records_;
  size_t size_ = 0;
  unsigned shift_ = 32;
  std::vector<uint64_t> slots_;
  std::vector<std::unique_ptr<char[]>> arena_;  // Keys that are longer than a record has room for.
  size_t arena_bytes_ = 0, arena_left_ = 0;
  char* arena_at_ = nullptr;
};

}  // namespace levada

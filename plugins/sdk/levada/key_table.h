// A state for each key: a hash table with open addressing over records of one size.
//
// A record is the key, up to 16 bytes of it in place, and the state, bytes that are zero when the
// key comes first. Records stay where they are as the table grows, and are numbered from 0 in the
// order in which their keys came. Rows are looked up in groups, with what they need fetched ahead
// into the cache: a table that is larger than the cache costs little more than one that is not.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "levada/row_keys.h"
#include "levada/saved_state.h"

namespace levada {

class KeyTable {
 public:
  using Number = uint32_t;

  explicit KeyTable(size_t state_bytes) : record_bytes_(sizeof(StoredKey) + (state_bytes + 7) / 8 * 8) {}

  size_t size() const { return size_; }
  // Memory that it holds.
  size_t bytes() const {
    return slots_.capacity() * sizeof(uint64_t) + size_ * record_bytes_ + arena_bytes_ + sizeof *this;
  }
  // What it may hold at most once so many keys were added: the table doubles its slots.
  size_t bytes_with(size_t keys, size_t key_bytes) const {
    const size_t slots = size_ + keys > room(slots_.size()) ? slots_for(size_ + keys) : slots_.size();
    return slots * sizeof(uint64_t) + (size_ + keys) * record_bytes_ + arena_bytes_ + key_bytes + sizeof *this;
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
  // For each record of the other table, from the first one on, the record of its key here.
  void find_or_add(const KeyTable& other, Number* numbers) {
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

  char* state(Number number) { return record(number) + sizeof(StoredKey); }
  const char* state(Number number) const { return record(number) + sizeof(StoredKey); }
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
    while (first < end) {
      const size_t block_end = std::min(end, size_t{1} << (block_of(first) + kFirstBits));
      const char* at = record(first) + sizeof(StoredKey);
      for (; first < block_end; ++first, at += record_bytes_) each(first, at);
    }
  }
  // Fetches its record into the cache.
  void prefetch(Number number) const {
    const char* at = record(number);
    __builtin_prefetch(at);
    __builtin_prefetch(at + record_bytes_ - 1);
  }

  // Forgets all keys, and keeps memory for as many.
  void clear() {
    knows_changes_ = false;
    std::fill(slots_.begin(), slots_.end(), 0);
    size_ = 0;
    arena_.clear();
    arena_bytes_ = arena_left_ = 0;
  }
  // Keeps the keys for whose records keep(number) says so; records are numbered anew, in the same
  // order. `moved(from, to)` comes for each that stays.
  template <class Keep, class Moved>
  void retain(Keep keep, Moved moved) {
    KeyTable kept(record_bytes_ - sizeof(StoredKey));
    kept.reserve(size_ / 2);
    for (Number number = 0; number < size_; ++number) {
      if (!keep(number)) continue;
      const Number to = kept.find_or_add(key(number));
      std::memcpy(kept.state(to), state(number), record_bytes_ - sizeof(StoredKey));
      moved(number, to);
    }
    *this = std::move(kept);
  }
  template <class Keep>
  void retain(Keep keep) {
    retain(keep, [](Number, Number) {});
  }

  // All keys and states, in the order of their numbers. A state with pointers in it is saved by who
  // knows them: save_keys, and then those.
  void save(StateWriter& to) const {
    to.reserve(saved_key_bytes() + size_ * state_words() * sizeof(uint64_t) / 2);
    save_keys(to);
    for (Number number = 0; number < size_; ++number) to.numbers(state(number), state_words());
  }
  void load(StateReader& from, size_t columns) {
    load_keys(from, columns);
    for (Number number = 0; number < size_; ++number) from.numbers(state(number), state_words());
    if (!from.good()) clear();
  }
  void save_keys(StateWriter& to) const {
    to.value(static_cast<uint64_t>(size_));
    save_keys_from(0, to);
  }
  // In place of what it has; keys of so many columns. A key that is not one, or comes twice, fails
  // the reader.
  void load_keys(StateReader& from, size_t columns) {
    clear();
    add_keys(from, columns);
  }

  // Whether it knows which records have changed since begin_changes; not behind clear, retain and a
  // load.
  bool knows_changes() const { return knows_changes_; }
  // From now on every record that find_or_add gives counts as changed; or else, for who looks up
  // more than it changes, those that are new and those that `changed` is told of.
  enum class Counts { looked_up, told };
  void begin_changes(Counts counts = Counts::looked_up) {
    known_size_ = size_;
    changed_.assign(room(slots_.size()) / 64 + 1, 0);
    knows_changes_ = true;
    counts_ = counts;
  }
  void changed(Number number) {
    if (knows_changes_) changed_[number / 64] |= uint64_t{1} << number % 64;
  }
  // All of that with its states, and begins anew. As with save, states with pointers in them are
  // saved by who knows them: save_changed_keys, and then those of the records that it names.
  void save_changes(StateWriter& to) {
    for_each_ahead(save_changed_keys(to), [&](Number number) { to.numbers(state(number), state_words()); });
  }
  // Into the table as it was when they began.
  void load_changes(StateReader& from, size_t columns) {
    for_each_ahead(load_changed_keys(from, columns),
                   [&](Number number) { from.numbers(state(number), state_words()); });
  }
  std::vector<Number> save_changed_keys(StateWriter& to) {
    to.value(static_cast<uint64_t>(known_size_));
    to.value(static_cast<uint64_t>(size_ - known_size_));
    save_keys_from(static_cast<Number>(known_size_), to);
    std::vector<Number> numbers;
    for (size_t at = 0; at < changed_.size(); ++at)
      for (uint64_t left = changed_[at]; left != 0; left &= left - 1)
        numbers.push_back(static_cast<Number>(at * 64 + static_cast<size_t>(std::countr_zero(left))));
    to.reserve((numbers.size() + 1) * record_bytes_ / 2);
    to.number(numbers.size());
    Number before = 0;
    for (const Number number : numbers) to.number(number - std::exchange(before, number));
    begin_changes(counts_);
    return numbers;
  }
  // What cannot be changes of this table fails the reader.
  std::vector<Number> load_changed_keys(StateReader& from, size_t columns) {
    knows_changes_ = false;
    if (from.value<uint64_t>() != size_) from.fail();
    if (from.good()) add_keys(from, columns);
    const auto count = from.number();
    if (count > size_) from.fail();
    if (!from.good()) return {};
    std::vector<Number> numbers(count);
    uint64_t at = 0;
    for (auto& number : numbers) {
      const auto more = from.number();
      if (more >= size_ || (at += more) >= size_) from.fail();
      if (!from.good()) return {};
      number = static_cast<Number>(at);
    }
    return numbers;
  }

 private:
  struct StoredKey {
    static constexpr size_t kInline = 16;
    uint32_t size;
    char kind;
    union {
      char inlined[kInline];
      const char* outside;
    };
    Key key() const { return {kind, {size <= kInline ? inlined : outside, size}}; }
  };
  static_assert(sizeof(StoredKey) == 24);

  // Blocks double: 64 records, 64, 128, 256 ... A number's block is found by its highest bit.
  static constexpr unsigned kFirstBits = 6;

  // So many rows are looked up together.
  static constexpr size_t kGroup = 64;

  // A slot is 0, or the upper half of the hash before the record's number and 1.
  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }
  static uint32_t tag_in(uint64_t slot) { return static_cast<uint32_t>(slot >> 32); }
  static Number number_in(uint64_t slot) { return static_cast<Number>(slot) - 1; }
  size_t place_of(uint64_t hash) const { return tag_of(hash) >> shift_; }

  static size_t room(size_t slots) { return slots / 8 * 5; }
  static size_t slots_for(size_t keys) { return std::bit_ceil(std::max<size_t>(64, keys * 8 / 5 + 8)); }

  size_t state_words() const { return (record_bytes_ - sizeof(StoredKey)) / sizeof(uint64_t); }

  // About so many: most keys are shorter than 128 bytes.
  size_t saved_key_bytes() const {
    size_t all = sizeof(uint64_t) + 2 * size_;
    for (Number number = 0; number < size_; ++number) all += stored(number).size;
    return all;
  }

  void save_keys_from(Number first, StateWriter& to) const {
    for (Number number = first; number < size_; ++number) {
      const Key key = this->key(number);
      to.value(key.kind);
      to.number(key.bytes.size());
      to.bytes(key.bytes.data(), key.bytes.size());
    }
  }
  void add_keys(StateReader& from, size_t columns) {
    const auto count = from.value<uint64_t>();
    if (count > from.left()) return from.fail();
    reserve(count);
    Key keys[kGroup];
    Number numbers[kGroup];
    const size_t whole = size_ + count;
    while (size_ < whole && from.good()) {
      const size_t group = std::min(kGroup, whole - size_), grown = size_ + group;
      for (size_t at = 0; at < group; ++at) {
        keys[at].kind = from.value<char>();
        keys[at].bytes = from.bytes(from.number());
        if (from.good() && !RowKeys::is_sound(keys[at], columns)) from.fail();
      }
      if (!from.good()) break;
      find_or_add_all(group, [&](size_t, std::span<Key> to) { std::copy_n(keys, group, to.data()); }, numbers);
      if (size_ != grown) from.fail();
    }
    if (!from.good()) clear();
  }
  // Fetches what is further on into the cache.
  template <class Each>
  void for_each_ahead(const std::vector<Number>& numbers, Each each) const {
    constexpr size_t kAhead = 16;
    for (size_t at = 0; at < numbers.size(); ++at) {
      if (at + kAhead < numbers.size()) prefetch(numbers[at + kAhead]);
      each(numbers[at]);
    }
  }

  // So many keys may be added with no growth between.
  void reserve(size_t more) {
    if (size_ + more <= room(slots_.size())) return;
    if (size_ + more >= size_t{1} << 31) throw std::bad_alloc();
    std::vector<uint64_t> grown(slots_for(size_ + more), 0);
    shift_ = static_cast<unsigned>(32 - std::countr_zero(grown.size()));
    for (const auto slot : slots_) {
      if (slot == 0) continue;
      size_t at = tag_in(slot) >> shift_;
      while (grown[at] != 0) at = (at + 1) & (grown.size() - 1);
      grown[at] = slot;
    }
    slots_ = std::move(grown);
    if (knows_changes_) changed_.resize(room(slots_.size()) / 64 + 1);
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
  Number find_or_add(Key key, uint64_t hash) {
    size_t at = place_of(hash);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      if (tag_in(slots_[at]) != tag_of(hash) || !is(number_in(slots_[at]), key)) continue;
      if (counts_ == Counts::looked_up) changed(number_in(slots_[at]));
      return number_in(slots_[at]);
    }
    const auto number = static_cast<Number>(size_);
    add_record(key);
    changed(number);
    slots_[at] = uint64_t{tag_of(hash)} << 32 | (number + 1);
    return number;
  }
  void add_record(Key key) {
    const auto number = static_cast<Number>(size_);
    const auto block = block_of(number);
    if (block >= blocks_.size())
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(
          (size_t{1} << std::max(kFirstBits, block + kFirstBits - 1)) * record_bytes_));
    char* const to = record(number);
    std::memset(to, 0, record_bytes_);
    auto& stored = *reinterpret_cast<StoredKey*>(to);
    stored.size = static_cast<uint32_t>(key.bytes.size());
    stored.kind = key.kind;
    if (key.bytes.size() <= StoredKey::kInline) {
      if (!key.bytes.empty()) std::memcpy(stored.inlined, key.bytes.data(), key.bytes.size());
    } else {
      stored.outside = keep(key.bytes);
    }
    ++size_;
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
  bool is(Number number, Key key) const {
    const auto& stored = this->stored(number);
    if (stored.size != key.bytes.size() || stored.kind != key.kind) return false;
    return detail::is_same(stored.key().bytes.data(), key.bytes.data(), key.bytes.size());
  }

  static unsigned block_of(Number number) {
    return number < (1u << kFirstBits) ? 0 : static_cast<unsigned>(std::bit_width(number)) - kFirstBits;
  }
  char* record(Number number) const {
    const auto block = block_of(number);
    const Number first = block == 0 ? 0 : Number{1} << (block + kFirstBits - 1);
    return blocks_[block].get() + (number - first) * record_bytes_;
  }
  const StoredKey& stored(Number number) const { return *reinterpret_cast<const StoredKey*>(record(number)); }

  size_t record_bytes_;
  size_t size_ = 0;
  unsigned shift_ = 32;
  std::vector<uint64_t> slots_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  std::vector<std::unique_ptr<char[]>> arena_;  // Keys that are longer than a record has room for.
  size_t arena_bytes_ = 0, arena_left_ = 0;
  char* arena_at_ = nullptr;
  bool knows_changes_ = false;
  Counts counts_ = Counts::looked_up;
  size_t known_size_ = 0;          // When the changes began.
  std::vector<uint64_t> changed_;  // A bit for each record.
};

}  // namespace levada

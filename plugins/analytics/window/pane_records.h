// The records of a pane whose keys stand in a table that several panes share: a key is looked up
// there once for each row, and a pane knows it by its number.
#pragma once

#include <bit>
#include <random>
#include <span>
#include <utility>
#include <vector>

#include "levada/key_table.h"

namespace levada::window {

// As a KeyTable, with keys of another one, which lives longer; saved as one, with its keys. The
// places of its records by the numbers of their keys are looked up in slots with open addressing,
// which are only made when somebody asks for them.
class PaneRecords : public KeyedRecords<PaneRecords> {
 public:
  static constexpr Number kNone = KeyTable::kNone;

  PaneRecords(KeyTable& keys, size_t state_bytes) : keys_(keys), records_((state_bytes + 7) / 8 * 8) {}

  size_t size() const { return numbers_.size(); }
  // Memory that it holds, without the keys.
  size_t bytes() const { return bytes_of(slots_.size(), size()); }
  // With what so many keys take at most, if they are new in the table of keys too.
  size_t bytes_with(size_t keys, size_t key_bytes) const {
    const size_t all = size() + keys;
    return bytes_of(all > room(slots_.size()) ? slots_for(all) : slots_.size(), all) +
           keys_.bytes_with(keys, key_bytes) - keys_.bytes();
  }

  // See KeyTable.
  void find_or_add(const RowKeys& keys, std::span<const int64_t> rows, Number* places) {
    keys_.find_or_add(keys, rows, places);
    find_or_add(std::span(places, rows.size()));
  }
  void find_or_add(const KeyTable& other, Number* places) {
    keys_.find_or_add(other, places);
    find_or_add(std::span(places, other.size()));
  }
  // Of another pane with the same table of keys.
  void find_or_add(const PaneRecords& other, Number* places) {
    std::copy(other.numbers_.begin(), other.numbers_.end(), places);
    find_or_add(std::span(places, other.size()));
  }
  Number find(Key key) const {
    const Number number = keys_.find(key);
    if (number == kNone || size() == 0) return kNone;
    make_slots();
    const uint64_t slot = slots_[slot_with(number)];
    return slot == 0 ? kNone : place_in(slot);
  }
  Key key(Number place) const { return keys_.key(numbers_[place]); }
  // Of the keys of its records, in their order.
  std::span<const Number> numbers() const { return numbers_; }
  char* state(Number place) { return records_[place]; }
  const char* state(Number place) const { return records_[place]; }
  template <class Each>
  void for_each(Number first, size_t end, Each each) const {
    records_.for_each(first, end, [&](Number place, const char* record) { each(place, record); });
  }
  void prefetch(Number place) const { records_.prefetch(place); }

  // Forgets all, and keeps memory for as many.
  void clear() {
    forget_changes();
    if (!is_stale_) std::fill(slots_.begin(), slots_.end(), 0);
    numbers_.clear();
  }
  // The keys have other numbers in their table now: those at these places.
  void renumber(std::span<const Number> moved) {
    for (auto& number : numbers_) number = moved[number];
    is_stale_ = true;
  }

 private:
  friend KeyedRecords<PaneRecords>;

  // A slot is 0, or a key's number and 1 before the place of its record.
  static uint64_t slot_of(Number number, Number place) { return (uint64_t{number} + 1) << 32 | place; }
  static Number number_in(uint64_t slot) { return static_cast<Number>(slot >> 32) - 1; }
  static Number place_in(uint64_t slot) { return static_cast<Number>(slot); }
  static size_t room(size_t slots) { return slots / 8 * 5; }
  static size_t slots_for(size_t keys) { return std::bit_ceil(std::max<size_t>(16, keys * 8 / 5 + 8)); }
  // Another one in each process: nobody outside can choose keys that meet in one slot.
  static uint64_t multiplier() {
    static const uint64_t seed = detail::mixed(detail::hash_seed(), 0x9e3779b97f4a7c15) | 1;
    return seed;
  }

  size_t bytes_of(size_t slots, size_t keys) const {
    return slots * sizeof(uint64_t) + keys * (records_.record_bytes() + sizeof(Number)) + sizeof *this;
  }
  size_t state_words() const { return records_.record_bytes() / sizeof(uint64_t); }
  size_t changes_room() const { return room(slots_.size()); }
  void add_saved(std::span<const Key> keys, size_t left) {
    Number places[kGroup];
    for (size_t at = 0; at < keys.size(); ++at) places[at] = keys_.find_or_add(keys[at]);
    reserve(left);
    find_or_add(std::span(places, keys.size()));
  }

  // That of the key, or the free one where it would stand.
  size_t slot_with(Number number) const {
    const size_t last = slots_.size() - 1;
    size_t at = number * multiplier_ >> shift_;
    while (slots_[at] != 0 && number_in(slots_[at]) != number) at = (at + 1) & last;
    return at;
  }
  void reserve(size_t more) {
    if (size() + more > room(slots_.size())) {
      slots_.resize(slots_for(size() + more));
      shift_ = static_cast<unsigned>(64 - std::countr_zero(slots_.size()));
      is_stale_ = true;
      grow_changes();
    }
    make_slots();
  }
  void make_slots() const {
    if (!is_stale_) return;
    std::fill(slots_.begin(), slots_.end(), 0);
    for (Number place = 0; place < numbers_.size(); ++place)
      slots_[slot_with(numbers_[place])] = slot_of(numbers_[place], place);
    is_stale_ = false;
  }
  // The places for these numbers of keys, in their stead.
  void find_or_add(std::span<Number> numbers) {
    for (size_t first = 0; first < numbers.size(); first += kGroup) {
      const auto group = numbers.subspan(first, std::min(kGroup, numbers.size() - first));
      reserve(group.size());
      for (auto& number : group) {
        const size_t at = slot_with(number);
        number = slots_[at] != 0 ? known(place_in(slots_[at])) : add(number, at);
      }
    }
  }
  Number known(Number place) {
    looked_up(place);
    return place;
  }
  Number add(Number number, size_t slot) {
    const auto place = static_cast<Number>(numbers_.size());
    records_.make(place);
    numbers_.push_back(number);
    changed(place);
    slots_[slot] = slot_of(number, place);
    return place;
  }

  KeyTable& keys_;
  RecordBlocks records_;
  std::vector<Number> numbers_;
  mutable std::vector<uint64_t> slots_;
  mutable bool is_stale_ = false;  // They have to be made anew.
  unsigned shift_ = 64;
  uint64_t multiplier_ = multiplier();
};

}  // namespace levada::window

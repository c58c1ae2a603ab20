// How records with keys are saved: all of them, or what has changed since the last time.
#pragma once

#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "levada/row_keys.h"
#include "levada/saved_state.h"

namespace levada {

// The base of a table whose records are numbered from 0 in the order in which their keys came. The
// table has size(), key(number), state(number) of state_words() words, prefetch(number), clear(),
// changes_room(): below it are all numbers until it grows, and add_saved(keys, count): adds keys
// of which none is there.
template <class Table>
class KeyedRecords {
 public:
  using Number = uint32_t;

  // All keys and states, in the order of their numbers. A state with pointers in it is saved by who
  // knows them: save_keys, and then those.
  void save(StateWriter& to) const {
    to.reserve(saved_key_bytes() + table().size() * table().state_words() * sizeof(uint64_t) / 2);
    save_keys(to);
    for (Number number = 0; number < table().size(); ++number) to.numbers(table().state(number), table().state_words());
  }
  void load(StateReader& from, size_t columns) {
    load_keys(from, columns);
    for (Number number = 0; number < table().size(); ++number)
      from.numbers(table().state(number), table().state_words());
    if (!from.good()) table().clear();
  }
  void save_keys(StateWriter& to) const {
    to.value(static_cast<uint64_t>(table().size()));
    save_keys_from(0, to);
  }
  // In place of what it has; keys of so many columns. A key that is not one, or comes twice, fails
  // the reader.
  void load_keys(StateReader& from, size_t columns) {
    table().clear();
    add_keys(from, columns);
  }

  // Whether it knows which records have changed since begin_changes; not behind a clear, a load,
  // and where records are numbered anew.
  bool knows_changes() const { return knows_changes_; }
  // From now on every record that find_or_add gives counts as changed; or else, for who looks up
  // more than it changes, those that are new and those that `changed` is told of.
  enum class Counts { looked_up, told };
  void begin_changes(Counts counts = Counts::looked_up) {
    known_size_ = table().size();
    changed_.assign(table().changes_room() / 64 + 1, 0);
    knows_changes_ = true;
    counts_ = counts;
  }
  void changed(Number number) {
    if (knows_changes_) changed_[number / 64] |= uint64_t{1} << number % 64;
  }
  // All of that with its states, and begins anew. As with save, states with pointers in them are
  // saved by who knows them: save_changed_keys, and then those of the records that it names.
  void save_changes(StateWriter& to) {
    for_each_ahead(save_changed_keys(to),
                   [&](Number number) { to.numbers(table().state(number), table().state_words()); });
  }
  // Into the table as it was when they began.
  void load_changes(StateReader& from, size_t columns) {
    for_each_ahead(load_changed_keys(from, columns),
                   [&](Number number) { from.numbers(table().state(number), table().state_words()); });
  }
  std::vector<Number> save_changed_keys(StateWriter& to) {
    to.value(static_cast<uint64_t>(known_size_));
    to.value(static_cast<uint64_t>(table().size() - known_size_));
    save_keys_from(static_cast<Number>(known_size_), to);
    std::vector<Number> numbers;
    for (size_t at = 0; at < changed_.size(); ++at)
      for (uint64_t left = changed_[at]; left != 0; left &= left - 1)
        numbers.push_back(static_cast<Number>(at * 64 + static_cast<size_t>(std::countr_zero(left))));
    to.reserve((numbers.size() + 1) * (table().state_words() + 3) * sizeof(uint64_t) / 2);
    to.number(numbers.size());
    Number before = 0;
    for (const Number number : numbers) to.number(number - std::exchange(before, number));
    begin_changes(counts_);
    return numbers;
  }
  // What cannot be changes of this table fails the reader.
  std::vector<Number> load_changed_keys(StateReader& from, size_t columns) {
    knows_changes_ = false;
    if (from.value<uint64_t>() != table().size()) from.fail();
    if (from.good()) add_keys(from, columns);
    const auto count = from.number();
    if (count > table().size()) from.fail();
    if (!from.good()) return {};
    std::vector<Number> numbers(count);
    uint64_t at = 0;
    for (auto& number : numbers) {
      const auto more = from.number();
      if (more >= table().size() || (at += more) >= table().size()) from.fail();
      if (!from.good()) return {};
      number = static_cast<Number>(at);
    }
    return numbers;
  }

 protected:
  // So many are added at a time.
  static constexpr size_t kGroup = 64;

  void looked_up(Number number) {
    if (counts_ == Counts::looked_up) changed(number);
  }
  void forget_changes() { knows_changes_ = false; }
  // changes_room() has grown.
  void grow_changes() {
    if (knows_changes_) changed_.resize(table().changes_room() / 64 + 1);
  }

 private:
  Table& table() { return static_cast<Table&>(*this); }
  const Table& table() const { return static_cast<const Table&>(*this); }

  // About so many: most keys are shorter than 128 bytes.
  size_t saved_key_bytes() const {
    size_t all = sizeof(uint64_t) + 2 * table().size();
    for (Number number = 0; number < table().size(); ++number) all += table().key(number).bytes.size();
    return all;
  }
  void save_keys_from(Number first, StateWriter& to) const {
    for (Number number = first; number < table().size(); ++number) {
      const Key key = table().key(number);
      to.value(key.kind);
      to.number(key.bytes.size());
      to.bytes(key.bytes.data(), key.bytes.size());
    }
  }
  void add_keys(StateReader& from, size_t columns) {
    const auto count = from.value<uint64_t>();
    if (count > from.left()) return from.fail();
    Key keys[kGroup];
    const size_t whole = table().size() + count;
    while (table().size() < whole && from.good()) {
      const size_t group = std::min(kGroup, whole - table().size()), grown = table().size() + group;
      for (size_t at = 0; at < group; ++at) {
        keys[at].kind = from.value<char>();
        keys[at].bytes = from.bytes(from.number());
        if (from.good() && !RowKeys::is_sound(keys[at], columns)) from.fail();
      }
      if (!from.good()) break;
      table().add_saved({keys, group}, whole - table().size());
      if (table().size() != grown) from.fail();
    }
    if (!from.good()) table().clear();
  }
  // Fetches what is further on into the cache.
  template <class Each>
  void for_each_ahead(const std::vector<Number>& numbers, Each each) const {
    constexpr size_t kAhead = 16;
    for (size_t at = 0; at < numbers.size(); ++at) {
      if (at + kAhead < numbers.size()) table().prefetch(numbers[at + kAhead]);
      each(numbers[at]);
    }
  }

  bool knows_changes_ = false;
  Counts counts_ = Counts::looked_up;
  size_t known_size_ = 0;          // When the changes began.
  std::vector<uint64_t> changed_;  // A bit for each record.
};

}  // namespace levada

// The aggregates of each key, of one pane or one window.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "aggregate.h"
#include "levada/key_table.h"

namespace levada::window {

// What a table's records are made of; sets the offsets of the aggregates.
class Layout {
 public:
  // With `counts_rows` a table knows which of its keys have rows, when others were taken away.
  Layout(std::vector<NamedAggregate> aggregates, bool counts_rows);
  // The last may be one without a name, that counts rows where no other does.
  const std::vector<NamedAggregate>& aggregates() const { return aggregates_; }
  size_t state_bytes() const { return state_bytes_; }
  bool can_take_away() const;
  bool counts_rows() const { return count_ != nullptr; }
  bool has_rows(const char* record) const {
    return !count_ || *reinterpret_cast<const int64_t*>(record + count_->offset) > 0;
  }
  void bind(const Batch& batch, const int64_t* times) const;

 private:
  std::vector<NamedAggregate> aggregates_;
  size_t state_bytes_ = 0;
  const Aggregate* count_ = nullptr;
};

class AggregateTable {
 public:
  using Number = KeyTable::Number;

  explicit AggregateTable(const Layout& layout);
  ~AggregateTable() { release(); }
  AggregateTable(const AggregateTable&) = delete;
  AggregateTable& operator=(const AggregateTable&) = delete;

  size_t size() const { return table_.size(); }
  // Memory that it holds.
  size_t bytes() const;
  // What it would hold at most with so many keys more.
  size_t bytes_with(size_t keys, size_t key_bytes) const {
    return bytes() - table_.bytes() + table_.bytes_with(keys, key_bytes);
  }
  bool knows(Key key) const { return table_.find(key) != KeyTable::kNone; }
  Key key(Number number) const { return table_.key(number); }
  const char* record(Number number) const { return table_.state(number); }
  const Aggregate::Shared* shared(size_t aggregate) const { return shared_[aggregate].get(); }

  // Adds rows of the batch that the layout is bound to.
  void add(const RowKeys& keys, std::span<const int64_t> rows);
  // Where the other's records stand here is in places() until something else is done.
  void join(const AggregateTable& other);
  const std::vector<Number>& places() const { return numbers_; }
  // Takes away what was joined, with its places; where the layout can_take_away.
  void take_away(const AggregateTable& other, std::span<const Number> places);
  // Adds the other's keys, without rows.
  void add_keys(const AggregateTable& other);
  // As join, but only for keys that are here.
  void join_known(const AggregateTable& other);
  // Whether a key has rows.
  bool has_rows(Number number) const { return layout_.has_rows(record(number)); }
  // Of the keys from `first` on, as many as there are up to `most`, those that have rows, with
  // their records. How many these are.
  size_t with_rows(Number first, size_t most, Number* numbers, const char** records) const;
  // Forgets keys without rows. Calls moved(from, to) for those that stay, which are numbered anew.
  template <class Moved>
  void sweep(Moved moved) {
    table_.retain([&](Number number) { return has_rows(number); }, moved);
  }
  void clear();

  void save(StateWriter& to) const;
  void load(StateReader& from, size_t key_columns);
  // See KeyTable.
  bool knows_changes() const { return table_.knows_changes(); }
  void begin_changes();
  void save_changes(StateWriter& to);
  void load_changes(StateReader& from, size_t key_columns);

 private:
  void release();
  void save_piece(const Aggregate& aggregate, Number number, StateWriter& to) const;
  void load_piece(const Aggregate& aggregate, Number number, StateReader& from);
  void match(const AggregateTable& other, std::span<const Number> places);
  int64_t take_growth() const;

  const Layout& layout_;
  KeyTable table_;
  std::vector<std::unique_ptr<Aggregate::Shared>> shared_;
  bool holds_memory_ = false;
  size_t held_bytes_ = 0;
  std::vector<Number> numbers_;
  std::vector<char*> records_;
  std::vector<const char*> from_;
};

}  // namespace levada::window

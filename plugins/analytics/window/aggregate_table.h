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
  explicit Layout(std::vector<NamedAggregate> aggregates);
  const std::vector<NamedAggregate>& aggregates() const { return aggregates_; }
  size_t state_bytes() const { return state_bytes_; }
  void bind(const Batch& batch, const int64_t* times) const;

 private:
  std::vector<NamedAggregate> aggregates_;
  size_t state_bytes_ = 0;
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
  void join(const AggregateTable& other);
  void clear();

  void save(StateWriter& to) const;
  void load(StateReader& from, size_t key_columns);

 private:
  void release();
  int64_t take_growth() const;

  const Layout& layout_;
  KeyTable table_;
  std::vector<std::unique_ptr<Aggregate::Shared>> shared_;
  bool holds_memory_ = false;
  size_t held_bytes_ = 0;
  std::vector<Number> numbers_;
  std::vector<char*> records_;
};

}  // namespace levada::window

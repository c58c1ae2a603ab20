// The aggregates of each key, of one pane or one window.
#pragma once

#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "pane_records.h"
#include "window_table.h"

namespace levada::window {

class AggregateTable final : public WindowTable {
 public:
  explicit AggregateTable(const Layout& layout) : AggregateTable(layout, KeyTable(layout.state_bytes())) {}
  // With keys that several tables share, and that live longer.
  AggregateTable(const Layout& layout, KeyTable& keys)
      : AggregateTable(layout, PaneRecords(keys, layout.state_bytes())) {}
  ~AggregateTable() override { release(); }
  AggregateTable(const AggregateTable&) = delete;
  AggregateTable& operator=(const AggregateTable&) = delete;

  size_t size() const override {
    return std::visit([](const auto& table) { return table.size(); }, table_);
  }
  // Memory that it holds.
  size_t bytes() const;
  // What it would hold at most with so many keys more.
  size_t bytes_with(size_t keys, size_t key_bytes) const {
    return bytes() +
           std::visit([&](const auto& table) { return table.bytes_with(keys, key_bytes) - table.bytes(); }, table_);
  }
  bool knows(Key key) const {
    return std::visit([&](const auto& table) { return table.find(key) != KeyTable::kNone; }, table_);
  }
  Key key(Number number) const override {
    return std::visit([&](const auto& table) { return table.key(number); }, table_);
  }
  const char* record(Number number) const {
    return std::visit([&](const auto& table) { return table.state(number); }, table_);
  }
  void keys(std::span<const Number> numbers, Key* to) const override;
  void records(std::span<const Number> numbers, const char** to) const override;
  size_t with_rows(Number first, size_t most, Number* numbers, const char** records) const override;
  const Aggregate::Shared* shared(size_t aggregate) const override { return shared_[aggregate].get(); }
  // Of a table whose keys are shared.
  const PaneRecords& pane_records() const { return std::get<PaneRecords>(table_); }
  PaneRecords& pane_records() { return std::get<PaneRecords>(table_); }

  // Adds rows of the batch that the layout is bound to.
  void add(const RowKeys& keys, std::span<const int64_t> rows);
  void join(const AggregateTable& other);
  // Adds the other's keys, without rows.
  void add_keys(const AggregateTable& other);
  // As join, but only for keys that are here.
  void join_known(const AggregateTable& other);
  void clear();

  void save(StateWriter& to) const;
  void load(StateReader& from, size_t key_columns);
  // See KeyTable.
  bool knows_changes() const {
    return std::visit([](const auto& table) { return table.knows_changes(); }, table_);
  }
  void begin_changes();
  void save_changes(StateWriter& to);
  void load_changes(StateReader& from, size_t key_columns);

 private:
  AggregateTable(const Layout& layout, std::variant<KeyTable, PaneRecords> table);

  void release();
  void save_piece(const Aggregate& aggregate, const char* record, StateWriter& to) const;
  void load_piece(const Aggregate& aggregate, char* record, StateReader& from);
  void join_matched(const AggregateTable& other);

  const Layout& layout_;
  const bool holds_memory_;
  std::variant<KeyTable, PaneRecords> table_;
  std::vector<std::unique_ptr<Aggregate::Shared>> shared_;
  size_t held_bytes_ = 0;
  std::vector<Number> numbers_;
  std::vector<char*> records_;
  std::vector<const char*> from_;
};

}  // namespace levada::window

#include "aggregate_table.h"

#include <algorithm>

namespace levada::window {

AggregateTable::AggregateTable(const Layout& layout, std::variant<KeyTable, PaneRecords> table)
    : layout_(layout), holds_memory_(layout.holds_memory()), table_(std::move(table)), shared_(layout.make_shared()) {}

size_t AggregateTable::bytes() const {
  size_t all = std::visit([](const auto& table) { return table.bytes(); }, table_) + held_bytes_;
  for (const auto& each : shared_)
    if (each) all += each->bytes();
  return all;
}

void AggregateTable::keys(std::span<const Number> numbers, Key* to) const {
  std::visit(
      [&](const auto& table) {
        for (const Number number : numbers) *to++ = table.key(number);
      },
      table_);
}

void AggregateTable::records(std::span<const Number> numbers, const char** to) const {
  std::visit(
      [&](const auto& table) {
        for (const Number number : numbers) *to++ = table.state(number);
      },
      table_);
}

size_t AggregateTable::with_rows(Number first, size_t most, Number* numbers, const char** records) const {
  return std::visit([&](const auto& table) { return with_rows_of(table, layout_, first, most, numbers, records); },
                    table_);
}

void AggregateTable::add(const RowKeys& keys, std::span<const int64_t> rows) {
  numbers_.resize(rows.size());
  records_.resize(rows.size());
  std::visit(
      [&](auto& table) {
        table.find_or_add(keys, rows, numbers_.data());
        for (size_t at = 0; at < rows.size(); ++at) records_[at] = table.state(numbers_[at]);
      },
      table_);
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at)
    aggregates[at].aggregate->add(rows, records_.data(), shared_[at].get());
  held_bytes_ += layout_.take_growth();
}

void AggregateTable::add_keys(const AggregateTable& other) {
  numbers_.resize(other.size());
  std::visit([&](auto& mine, const auto& theirs) { mine.find_or_add(theirs, numbers_.data()); }, table_, other.table_);
}

void AggregateTable::join(const AggregateTable& other) {
  add_keys(other);
  records_.resize(other.size());
  from_.resize(other.size());
  std::visit(
      [&](auto& mine, const auto& theirs) {
        theirs.for_each(0, theirs.size(), [&](Number number, const char* record) {
          records_[number] = mine.state(numbers_[number]);
          from_[number] = record;
        });
      },
      table_, other.table_);
  join_matched(other);
}

void AggregateTable::join_known(const AggregateTable& other) {
  records_.clear();
  from_.clear();
  std::visit(
      [&](auto& mine, const auto& theirs) {
        for (Number number = 0; number < mine.size(); ++number) {
          const Number place = theirs.find(mine.key(number));
          if (place == KeyTable::kNone) continue;
          records_.push_back(mine.state(number));
          from_.push_back(theirs.state(place));
        }
      },
      table_, other.table_);
  join_matched(other);
}

// The records in from_, of the other, with those in records_.
void AggregateTable::join_matched(const AggregateTable& other) {
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at)
    aggregates[at].aggregate->join(from_, other.shared(at), records_.data(), shared_[at].get());
  held_bytes_ += layout_.take_growth();
}

void AggregateTable::clear() {
  release();
  std::visit([](auto& table) { table.clear(); }, table_);
  held_bytes_ = 0;
  shared_ = layout_.make_shared();
}

void AggregateTable::release() {
  if (!holds_memory_) return;
  std::visit(
      [&](auto& table) {
        for (Number number = 0; number < table.size(); ++number)
          for (const auto& each : layout_.aggregates()) each.aggregate->release(table.state(number));
      },
      table_);
}

void AggregateTable::save(StateWriter& to) const {
  std::visit(
      [&](const auto& table) {
        if (!holds_memory_) return table.save(to);
        table.save_keys(to);
        for (size_t at = 0; at < shared_.size(); ++at) {
          if (shared_[at]) shared_[at]->save(to);
          for (Number number = 0; number < table.size(); ++number)
            save_piece(*layout_.aggregates()[at].aggregate, table.state(number), to);
        }
      },
      table_);
}

void AggregateTable::begin_changes() {
  std::visit([](auto& table) { table.begin_changes(); }, table_);
  for (const auto& each : shared_)
    if (each) each->begin_changes();
}

void AggregateTable::save_changes(StateWriter& to) {
  std::visit(
      [&](auto& table) {
        if (!holds_memory_) return table.save_changes(to);
        const auto changed = table.save_changed_keys(to);
        for (size_t at = 0; at < shared_.size(); ++at) {
          if (shared_[at]) shared_[at]->save_changes(to);
          for (const auto number : changed) save_piece(*layout_.aggregates()[at].aggregate, table.state(number), to);
        }
      },
      table_);
}

void AggregateTable::load_changes(StateReader& from, size_t key_columns) {
  std::visit(
      [&](auto& table) {
        if (!holds_memory_) return table.load_changes(from, key_columns);
        const auto changed = table.load_changed_keys(from, key_columns);
        for (size_t at = 0; at < shared_.size() && from.good(); ++at) {
          if (shared_[at]) shared_[at]->load_changes(from);
          for (const auto number : changed)
            if (from.good()) load_piece(*layout_.aggregates()[at].aggregate, table.state(number), from);
        }
        layout_.take_growth();
      },
      table_);
}

void AggregateTable::save_piece(const Aggregate& aggregate, const char* record, StateWriter& to) const {
  if (aggregate.holds_memory()) aggregate.save(record, to);
  else to.bytes(record + aggregate.offset, aggregate.state_bytes());
}

void AggregateTable::load_piece(const Aggregate& aggregate, char* record, StateReader& from) {
  if (aggregate.holds_memory()) {
    held_bytes_ -= aggregate.held_bytes(record);
    aggregate.release(record);
    aggregate.load(record, from);
    held_bytes_ += aggregate.held_bytes(record);
  } else if (const auto bytes = from.bytes(aggregate.state_bytes()); !bytes.empty()) {
    std::memcpy(record + aggregate.offset, bytes.data(), bytes.size());
  }
}

void AggregateTable::load(StateReader& from, size_t key_columns) {
  clear();
  std::visit(
      [&](auto& table) {
        if (!holds_memory_) return table.load(from, key_columns);
        table.load_keys(from, key_columns);
        for (size_t at = 0; at < shared_.size() && from.good(); ++at) {
          if (shared_[at]) shared_[at]->load(from);
          for (Number number = 0; number < table.size() && from.good(); ++number)
            load_piece(*layout_.aggregates()[at].aggregate, table.state(number), from);
        }
        layout_.take_growth();
      },
      table_);
}

}  // namespace levada::window

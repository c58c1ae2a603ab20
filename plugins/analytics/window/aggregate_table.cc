#include "aggregate_table.h"

#include <algorithm>

#include "sums.h"

namespace levada::window {

Layout::Layout(std::vector<NamedAggregate> aggregates, bool counts_rows) : aggregates_(std::move(aggregates)) {
  const auto find_count = [&] {
    for (const auto& each : aggregates_)
      if (each.aggregate->counts_rows()) count_ = each.aggregate.get();
  };
  if (counts_rows) find_count();
  if (counts_rows && !count_) {
    aggregates_.push_back({"", std::make_unique<Count>()});
    find_count();
  }
  for (auto& each : aggregates_) {
    each.aggregate->offset = state_bytes_;
    state_bytes_ += each.aggregate->state_bytes();
  }
}

void Layout::bind(const Batch& batch, const int64_t* times) const {
  for (const auto& each : aggregates_) each.aggregate->bind(batch, times);
}

bool Layout::can_take_away() const {
  return count_ && std::all_of(aggregates_.begin(), aggregates_.end(),
                               [](auto& each) { return each.aggregate->can_take_away(); });
}

AggregateTable::AggregateTable(const Layout& layout) : layout_(layout), table_(layout.state_bytes()) {
  for (const auto& each : layout.aggregates()) {
    shared_.push_back(each.aggregate->make_shared());
    holds_memory_ |= each.aggregate->holds_memory();
  }
}

size_t AggregateTable::bytes() const {
  size_t all = table_.bytes() + held_bytes_;
  for (const auto& each : shared_)
    if (each) all += each->bytes();
  return all;
}

void AggregateTable::add(const RowKeys& keys, std::span<const int64_t> rows) {
  numbers_.resize(rows.size());
  table_.find_or_add(keys, rows, numbers_.data());
  records_.resize(rows.size());
  for (size_t at = 0; at < rows.size(); ++at) records_[at] = table_.state(numbers_[at]);
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at)
    aggregates[at].aggregate->add(rows, records_.data(), shared_[at].get());
  held_bytes_ += static_cast<size_t>(take_growth());
}

// Puts into from_ the other's records, and into records_ those at these places here.
void AggregateTable::match(const AggregateTable& other, std::span<const Number> places) {
  records_.resize(other.size());
  from_.resize(other.size());
  other.table_.for_each(0, other.size(), [&](Number number, const char* record) {
    records_[number] = table_.state(places[number]);
    from_[number] = record;
  });
}

void AggregateTable::join(const AggregateTable& other) {
  numbers_.resize(other.size());
  table_.find_or_add(other.table_, numbers_.data());
  match(other, numbers_);
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at)
    aggregates[at].aggregate->join(from_, other.shared(at), records_.data(), shared_[at].get());
  held_bytes_ += static_cast<size_t>(take_growth());
}

void AggregateTable::add_keys(const AggregateTable& other) {
  numbers_.resize(other.size());
  table_.find_or_add(other.table_, numbers_.data());
}

void AggregateTable::join_known(const AggregateTable& other) {
  records_.clear();
  from_.clear();
  for (Number number = 0; number < size(); ++number) {
    const Number theirs = other.table_.find(key(number));
    if (theirs == KeyTable::kNone) continue;
    records_.push_back(table_.state(number));
    from_.push_back(other.record(theirs));
  }
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at)
    aggregates[at].aggregate->join(from_, other.shared(at), records_.data(), shared_[at].get());
  held_bytes_ += static_cast<size_t>(take_growth());
}

void AggregateTable::take_away(const AggregateTable& other, std::span<const Number> places) {
  match(other, places);
  for (const auto& each : layout_.aggregates()) each.aggregate->take_away(from_, records_.data());
}

// Without a branch for each: which of them have rows nobody can guess.
size_t AggregateTable::with_rows(Number first, size_t most, Number* numbers, const char** records) const {
  const size_t end = std::min(size(), first + most);
  size_t count = 0;
  const auto each = [&](auto has_rows) {
    table_.for_each(first, end, [&](Number number, const char* record) {
      numbers[count] = number;
      records[count] = record;
      count += has_rows(record) ? 1 : 0;
    });
  };
  if (layout_.counts_rows()) each([&](const char* record) { return layout_.has_rows(record); });
  else each([](const char*) { return true; });
  return count;
}

int64_t AggregateTable::take_growth() const {
  int64_t all = 0;
  for (const auto& each : layout_.aggregates()) all += std::exchange(each.aggregate->growth, 0);
  return all;
}

void AggregateTable::clear() {
  release();
  table_.clear();
  held_bytes_ = 0;
  for (size_t at = 0; at < shared_.size(); ++at) shared_[at] = layout_.aggregates()[at].aggregate->make_shared();
}

void AggregateTable::release() {
  if (!holds_memory_) return;
  for (Number number = 0; number < table_.size(); ++number)
    for (const auto& each : layout_.aggregates()) each.aggregate->release(table_.state(number));
}

void AggregateTable::save(StateWriter& to) const {
  if (!holds_memory_) return table_.save(to);
  table_.save_keys(to);
  for (size_t at = 0; at < shared_.size(); ++at) {
    const auto& aggregate = *layout_.aggregates()[at].aggregate;
    if (shared_[at]) shared_[at]->save(to);
    for (Number number = 0; number < table_.size(); ++number) save_piece(aggregate, number, to);
  }
}

void AggregateTable::begin_changes() {
  table_.begin_changes();
  for (const auto& each : shared_)
    if (each) each->begin_changes();
}

void AggregateTable::save_changes(StateWriter& to) {
  if (!holds_memory_) return table_.save_changes(to);
  const auto changed = table_.save_changed_keys(to);
  for (size_t at = 0; at < shared_.size(); ++at) {
    if (shared_[at]) shared_[at]->save_changes(to);
    for (const auto number : changed) save_piece(*layout_.aggregates()[at].aggregate, number, to);
  }
}

void AggregateTable::load_changes(StateReader& from, size_t key_columns) {
  if (!holds_memory_) return table_.load_changes(from, key_columns);
  const auto changed = table_.load_changed_keys(from, key_columns);
  for (size_t at = 0; at < shared_.size() && from.good(); ++at) {
    if (shared_[at]) shared_[at]->load_changes(from);
    for (const auto number : changed)
      if (from.good()) load_piece(*layout_.aggregates()[at].aggregate, number, from);
  }
  take_growth();
}

void AggregateTable::save_piece(const Aggregate& aggregate, Number number, StateWriter& to) const {
  const char* const record = table_.state(number);
  if (aggregate.holds_memory()) aggregate.save(record, to);
  else to.bytes(record + aggregate.offset, aggregate.state_bytes());
}

void AggregateTable::load_piece(const Aggregate& aggregate, Number number, StateReader& from) {
  char* const record = table_.state(number);
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
  if (!holds_memory_) return table_.load(from, key_columns);
  table_.load_keys(from, key_columns);
  for (size_t at = 0; at < shared_.size() && from.good(); ++at) {
    const auto& aggregate = *layout_.aggregates()[at].aggregate;
    if (shared_[at]) shared_[at]->load(from);
    for (Number number = 0; number < table_.size() && from.good(); ++number) load_piece(aggregate, number, from);
  }
  take_growth();
}

}  // namespace levada::window

#include "joined_window.h"

#include <cstring>

namespace levada::window {

size_t JoinedWindow::bytes() const {
  size_t all = size_ * records_.record_bytes() + held_bytes_;
  for (const auto& each : shared_)
    if (each) all += each->bytes();
  return all;
}

void JoinedWindow::match(const AggregateTable& pane) {
  const auto& records = pane.pane_records();
  for (; size_ < keys_.size(); ++size_) records_.make(static_cast<Number>(size_));
  from_.resize(records.size());
  to_.resize(records.size());
  const auto numbers = records.numbers();
  records.for_each(0, records.size(), [&](Number place, const char* record) {
    from_[place] = record;
    to_[place] = records_[numbers[place]];
  });
}

void JoinedWindow::join(const AggregateTable& pane) {
  match(pane);
  const auto& aggregates = layout_.aggregates();
  for (size_t at = 0; at < aggregates.size(); ++at)
    aggregates[at].aggregate->join(from_, pane.shared(at), to_.data(), shared_[at].get());
  held_bytes_ += layout_.take_growth();
}

void JoinedWindow::take_away(const AggregateTable& pane) {
  match(pane);
  for (const auto& each : layout_.aggregates()) each.aggregate->take_away(from_, to_.data());
}

void JoinedWindow::clear() {
  release();
  size_ = held_bytes_ = 0;
  shared_ = layout_.make_shared();
}

void JoinedWindow::release() {
  if (!layout_.holds_memory()) return;
  for (Number number = 0; number < size_; ++number)
    for (const auto& each : layout_.aggregates()) each.aggregate->release(records_[number]);
}

void JoinedWindow::renumber(std::span<const Number> moved) {
  size_t kept = 0;
  for (Number from = 0; from < size_; ++from) {
    if (moved[from] == KeyTable::kNone) continue;
    if (moved[from] != from) std::memcpy(records_[moved[from]], records_[from], records_.record_bytes());
    kept = moved[from] + size_t{1};
  }
  size_ = kept;
}

void JoinedWindow::keys(std::span<const Number> numbers, Key* to) const {
  for (const Number number : numbers) *to++ = keys_.key(number);
}

void JoinedWindow::records(std::span<const Number> numbers, const char** to) const {
  for (const Number number : numbers) *to++ = records_[number];
}

size_t JoinedWindow::with_rows(Number first, size_t most, Number* numbers, const char** records) const {
  return with_rows_of(*this, layout_, first, most, numbers, records);
}

}  // namespace levada::window

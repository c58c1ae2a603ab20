#include "pane_windows.h"

#include <algorithm>

namespace levada::window {
namespace {

constexpr size_t kSpareBytesMax = size_t{16} << 20;

}  // namespace

AggregateTable& PaneWindows::pane_at(int64_t start) {
  auto& pane = panes_[start];
  if (!pane) pane = spare_ ? std::move(spare_) : std::make_unique<AggregateTable>(layout_);
  return *pane;
}

size_t PaneWindows::bytes() const {
  size_t all = is_tumbling() ? 0 : joined_.bytes();
  for (const auto& [start, pane] : panes_) all += pane->bytes();
  return all;
}

std::span<const PaneWindows::Group> PaneWindows::grouped(std::span<const int64_t> rows, const int64_t* times) {
  const int64_t width = shape_.pane();
  int64_t start = floor_to(times[rows[0]], width);
  if (groups_.empty()) groups_.emplace_back();
  size_t at = 0;
  while (at < rows.size() && times[rows[at]] >= start && times[rows[at]] < start + width) ++at;
  groups_[0].start = start;
  groups_[0].rows = rows;
  if (at == rows.size()) return {groups_.data(), 1};
  size_t count = 1, current = 0;
  groups_[0].own.assign(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(at));
  for (; at < rows.size(); ++at) {
    const int64_t time = times[rows[at]];
    if (time < start || time >= start + width) {
      start = floor_to(time, width);
      current = 0;
      while (current < count && groups_[current].start != start) ++current;
      if (current == count) {
        if (count == groups_.size()) groups_.emplace_back();
        groups_[count].start = start;
        groups_[count++].own.clear();
      }
    }
    groups_[current].own.push_back(rows[at]);
  }
  for (size_t group = 0; group < count; ++group) groups_[group].rows = groups_[group].own;
  return {groups_.data(), count};
}

std::optional<int64_t> PaneWindows::next_end(int64_t limit) const {
  for (const auto& [start, pane] : panes_) {
    int64_t end = shape_.first_end(start);
    if (given_end_ != kNone && end <= given_end_) end = given_end_ + shape_.slide;
    // The pane may lie in front of all windows that are left.
    if (start + shape_.pane() <= end - shape_.size) continue;
    if (end > limit) return std::nullopt;
    return end;
  }
  return std::nullopt;
}

// Rows of panes that were joined are late: what is joined stays as it is.
const AggregateTable& PaneWindows::window(int64_t end) {
  const int64_t start = end - shape_.size;
  if (is_tumbling()) return *panes_.at(start);
  if (joined_end_ == end) return joined_;
  if (joined_end_ == kNone || joined_end_ <= start || !layout_.can_take_away()) {
    joined_.clear();
    joined_from_ = joined_end_ = start;
  }
  for (auto pane = panes_.lower_bound(joined_from_); pane != panes_.lower_bound(start); ++pane)
    joined_.take_away(*pane->second);
  for (auto pane = panes_.lower_bound(joined_end_); pane != panes_.lower_bound(end); ++pane)
    joined_.join(*pane->second);
  joined_from_ = start;
  joined_end_ = end;
  if (joined_.size() > sweep_at_) {
    joined_.sweep();
    sweep_at_ = 2 * joined_.size() + kSweepAt;
  }
  return joined_;
}

void PaneWindows::given(int64_t end) {
  given_end_ = end;
  const int64_t needed = shape_.next_start(end);
  while (!panes_.empty() && panes_.begin()->first < needed) {
    const int64_t start = panes_.begin()->first;
    auto pane = std::move(panes_.begin()->second);
    panes_.erase(panes_.begin());
    if (joined_end_ != kNone && start >= joined_from_ && start < joined_end_ && layout_.can_take_away()) {
      joined_.take_away(*pane);
      joined_from_ = start + shape_.pane();
    }
    if (pane->bytes() > kSpareBytesMax) continue;
    pane->clear();
    spare_ = std::move(pane);
  }
}

void PaneWindows::forget_joined() {
  joined_.clear();
  joined_from_ = joined_end_ = kNone;
  sweep_at_ = kSweepAt;
}

void PaneWindows::save(StateWriter& to) const {
  to.value(given_end_);
  to.value(static_cast<uint64_t>(panes_.size()));
  for (const auto& [start, pane] : panes_) {
    to.value(start);
    pane->save(to);
  }
}

void PaneWindows::load(StateReader& from, size_t key_columns) {
  forget();
  given_end_ = from.value<int64_t>();
  const auto count = from.value<uint64_t>();
  for (uint64_t at = 0; at < count && from.good(); ++at) pane_at(from.value<int64_t>()).load(from, key_columns);
  if (!from.good()) forget();
}

void PaneWindows::forget() {
  panes_.clear();
  spare_.reset();
  forget_joined();
  given_end_ = kNone;
}

}  // namespace levada::window

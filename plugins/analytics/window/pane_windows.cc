#include "pane_windows.h"

#include <algorithm>

namespace levada::window {
namespace {

constexpr size_t kSpareBytesMax = size_t{16} << 20;

}  // namespace

AggregateTable& PaneWindows::pane_at(Panes& panes, int64_t start) {
  auto& pane = panes[start];
  if (pane) return *pane;
  if (spare_.empty()) {
    pane = is_tumbling() ? std::make_unique<AggregateTable>(layout_) : std::make_unique<AggregateTable>(layout_, keys_);
  } else {
    pane = std::move(spare_.back().pane);
    spare_bytes_ -= spare_.back().bytes;
    spare_.pop_back();
  }
  return *pane;
}

size_t PaneWindows::bytes() const {
  size_t all = is_tumbling() ? 0 : keys_.bytes() + joined_.bytes() + early_.bytes();
  if (keep_ > 0) all += again_.bytes();
  for (const auto* panes : {&panes_, &late_, &changed_})
    for (const auto& [start, pane] : *panes) all += pane->bytes();
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

int64_t PaneWindows::end_after(int64_t end, int64_t start) const {
  const int64_t first = shape_.first_end(start);
  return end != kNone && first <= end ? end + shape_.slide : first;
}

std::optional<int64_t> PaneWindows::next_end(int64_t limit) const {
  for (auto pane = panes_.lower_bound(given_end_ == kNone ? kNone : shape_.next_start(given_end_));
       pane != panes_.end(); ++pane) {
    const int64_t start = pane->first, end = end_after(given_end_, start);
    // The pane may lie in front of all windows that are left.
    if (start + shape_.pane() <= end - shape_.size) continue;
    if (end > limit) return std::nullopt;
    return end;
  }
  return std::nullopt;
}

int64_t PaneWindows::begin(int64_t end) {
  begun_end_ = end;
  touched_.erase(touched_.begin(), touched_.lower_bound(shape_.next_start(end)));
  return forgotten_end();
}

// Rows of panes that were joined are late: what is joined stays as it is.
const WindowTable& PaneWindows::window(int64_t end) {
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
  return joined_;
}

// Those that no pane has. What was joined may have rows of panes that are gone where they could not
// be taken away.
void PaneWindows::forget_keys() {
  if (!layout_.can_take_away()) forget_joined();
  std::vector<AggregateTable::Number> moved(keys_.size(), KeyTable::kNone);
  const auto each_pane = [&](auto act) {
    for (auto* panes : {&panes_, &late_, &changed_})
      for (auto& [start, pane] : *panes) act(pane->pane_records());
  };
  each_pane([&](PaneRecords& pane) {
    for (const auto number : pane.numbers()) moved[number] = 0;
  });
  keys_.retain([&](auto number) { return moved[number] == 0; }, [&](auto from, auto to) { moved[from] = to; });
  each_pane([&](PaneRecords& pane) { pane.renumber(moved); });
  joined_.renumber(moved);
  forget_keys_at_ = 2 * keys_.size() + kForgetAt;
}

void PaneWindows::given(int64_t end) {
  given_end_ = end;
  const int64_t needed = shape_.next_start(forgotten_end());
  while (!panes_.empty() && panes_.begin()->first < needed) {
    const int64_t start = panes_.begin()->first;
    auto pane = std::move(panes_.begin()->second);
    panes_.erase(panes_.begin());
    if (joined_end_ != kNone && start >= joined_from_ && start < joined_end_ && layout_.can_take_away()) {
      joined_.take_away(*pane);
      joined_from_ = start + shape_.pane();
    }
    const size_t bytes = pane->bytes();
    if (spare_bytes_ + bytes > kSpareBytesMax) continue;
    pane->clear();
    spare_.push_back({std::move(pane), bytes});
    spare_bytes_ += bytes;
  }
  if (keys_.size() > forget_keys_at_) forget_keys();
}

void PaneWindows::join_late() {
  for (const auto& [start, pane] : late_) {
    pane_at(panes_, start).join(*pane);
    if (joined_end_ != kNone && start >= joined_from_ && start < joined_end_) forget_joined();
    if (notes_ && start >= shape_.next_start(begun_end_)) touched_.insert(start);
  }
  changed_ = std::move(late_);
  late_.clear();
  updated_end_ = kNone;
}

std::optional<int64_t> PaneWindows::next_update() {
  while (has_updates()) {
    if (changed_.empty()) join_late();
    std::optional<int64_t> next;
    for (const auto& [start, pane] : changed_) {
      const int64_t end = end_after(updated_end_, start);
      if (end > given_end_ || start + shape_.pane() <= end - shape_.size) continue;
      next = std::min(end, next.value_or(end));
    }
    if (next) return next;
    changed_.clear();
    again_.clear();
  }
  return std::nullopt;
}

const AggregateTable& PaneWindows::updated(int64_t end) {
  const int64_t start = end - shape_.size;
  again_.clear();
  for (auto pane = changed_.lower_bound(start); pane != changed_.lower_bound(end); ++pane)
    again_.add_keys(*pane->second);
  for (auto pane = panes_.lower_bound(start); pane != panes_.lower_bound(end); ++pane) again_.join_known(*pane->second);
  return again_;
}

std::vector<int64_t> PaneWindows::take_touched() {
  std::set<int64_t> ends;
  for (const int64_t start : touched_)
    for (int64_t end = end_after(begun_end_, start); start + shape_.pane() > end - shape_.size; end += shape_.slide)
      ends.insert(end);
  touched_.clear();
  return {ends.rbegin(), ends.rend()};
}

const AggregateTable& PaneWindows::so_far(int64_t end) {
  const int64_t start = end - shape_.size;
  if (is_tumbling()) return *panes_.at(start);
  early_.clear();
  for (auto pane = panes_.lower_bound(start); pane != panes_.lower_bound(end); ++pane) early_.join(*pane->second);
  return early_;
}

void PaneWindows::forget_joined() {
  joined_.clear();
  joined_from_ = joined_end_ = kNone;
}

void PaneWindows::save(const Panes& panes, StateWriter& to) {
  to.value(static_cast<uint64_t>(panes.size()));
  for (const auto& [start, pane] : panes) {
    to.value(start);
    pane->save(to);
  }
}
void PaneWindows::load(Panes& panes, StateReader& from, size_t key_columns) {
  const auto count = from.value<uint64_t>();
  for (uint64_t at = 0; at < count && from.good(); ++at) pane_at(panes, from.value<int64_t>()).load(from, key_columns);
}

void PaneWindows::save(StateWriter& to) const {
  to.value(given_end_);
  save(panes_, to);
  save_rest(to);
}

void PaneWindows::load(StateReader& from, size_t key_columns) {
  forget();
  given_end_ = begun_end_ = from.value<int64_t>();
  load(panes_, from, key_columns);
  load_rest(from, key_columns);
}

// The panes behind those of all rows, which are few.
void PaneWindows::save_rest(StateWriter& to) const {
  if (keep_ == 0) return;
  save(late_, to);
  save(changed_, to);
  to.value(updated_end_);
}

void PaneWindows::load_rest(StateReader& from, size_t key_columns) {
  if (keep_ > 0) {
    load(late_, from, key_columns);
    load(changed_, from, key_columns);
    updated_end_ = from.value<int64_t>();
  }
  if (!from.good()) return forget();
  if (!notes_) return;
  for (const auto& [start, pane] : panes_)
    if (given_end_ == kNone || start >= shape_.next_start(given_end_)) touched_.insert(start);
}

void PaneWindows::begin_changes() {
  for (const auto& [start, pane] : panes_) pane->begin_changes();
}

void PaneWindows::save_changes(StateWriter& to) {
  to.value(given_end_);
  to.value(static_cast<uint64_t>(panes_.size()));
  for (const auto& [start, pane] : panes_) {
    to.value(start);
    to.value(!pane->knows_changes());
    if (pane->knows_changes()) {
      pane->save_changes(to);
    } else {
      pane->save(to);
      pane->begin_changes();
    }
  }
  save_rest(to);
}

// Panes that are not named are gone.
void PaneWindows::load_changes(StateReader& from, size_t key_columns) {
  auto before = std::move(panes_);
  forget_but_panes();
  given_end_ = begun_end_ = from.value<int64_t>();
  const auto count = from.value<uint64_t>();
  for (uint64_t at = 0; at < count && from.good(); ++at) {
    const auto start = from.value<int64_t>();
    if (from.value<bool>()) {
      pane_at(panes_, start).load(from, key_columns);
    } else if (auto pane = before.extract(start); pane) {
      panes_.insert(std::move(pane)).position->second->load_changes(from, key_columns);
    } else {
      from.fail();
    }
  }
  load_rest(from, key_columns);
}

void PaneWindows::forget_but_panes() {
  late_.clear();
  changed_.clear();
  touched_.clear();
  spare_.clear();
  spare_bytes_ = 0;
  again_.clear();
  early_.clear();
  forget_joined();
  begun_end_ = given_end_ = updated_end_ = kNone;
}

void PaneWindows::forget() {
  panes_.clear();
  forget_but_panes();
  keys_ = KeyTable(0);
  forget_keys_at_ = kForgetAt;
}

}  // namespace levada::window

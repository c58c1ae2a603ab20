#include "window.h"

#include <algorithm>

#include "join_parts.h"
#include "key_order.h"

namespace levada::window {

Window::Window(Checked checked, Host host)
    : settings_(std::move(checked.settings)),
      host_(host),
      shape_{microseconds(*settings_.size), microseconds(settings_.slide.value_or(*settings_.size))},
      layout_(std::move(checked.aggregates), slides()),
      intake_(settings_, host),
      marks_(settings_),
      keys_(settings_.keys),
      windows_(shape_, layout_, microseconds(settings_.kept()), settings_.early.has_value(),
               static_cast<size_t>(settings_.memory_bytes.bytes)),
      output_({settings_.window_start, settings_.window_end,
               settings_.has_kinds_of_results() ? settings_.result : std::string(), settings_.keys},
              std::move(checked.having), settings_.having.value_or(std::string()), layout_,
              [host](std::string_view remark) { host.warning(remark); }),
      early_(settings_.early, host),
      full_count_(host.counter("rows_without_room")),
      updated_count_(host.counter("rows_late_counted")) {}

Done Window::intercept(Batch& batch) {
  Batch rejected(0);
  intake_.read(batch, marks_, [&](int64_t time) { return shape_.last_end(time - windows_.keep()); }, rejected);
  keys_.read(batch);
  layout_.bind(batch, intake_.times());
  const size_t late = windows_.add(keys_, intake_.rows(), intake_.times(), [&](int64_t row) {
    full_count_.add();
    rejected.reject_part(row, "the window has no room for another key: memory_bytes is used up");
  });
  updated_count_.add(static_cast<int64_t>(late));
  Batch given = give(marks_.watermark());
  for (const auto& each : rejected.rejections()) given.reject_part(each.row, each.reason);
  batch = std::move(given);
  early_.set(windows_.is_touched());
  return {};
}

Batch Window::give(int64_t limit) {
  std::vector<Batch> parts;
  for (size_t rows = 0; rows < kRowsMax;) {
    if (!giving_ && !begin_next(limit)) break;
    if (!give_rows(*giving_, parts, rows)) break;
    if (giving_->kind == Kind::updated) windows_.update_given(giving_->end);
    else windows_.given(giving_->end);
    giving_.reset();
  }
  return join_parts(parts);
}

// Windows that late rows have changed come before those that are over now, which may share these
// rows.
bool Window::begin_next(int64_t limit) {
  if (const auto end = windows_.next_update()) begin(Kind::updated, *end);
  else if (const auto due = windows_.next_end(limit)) begin(Kind::final, *due);
  else return false;
  return true;
}

// From now on its rows are late.
void Window::begin(Kind kind, int64_t end) {
  giving_.emplace();
  giving_->kind = kind;
  giving_->end = end;
  if (kind == Kind::final) {
    const int64_t closed = windows_.begin(end);
    marks_.close(closed);
    shown_.erase(shown_.begin(), shown_.lower_bound(std::min(end, closed)));
    if (giving_early_ && giving_early_->end <= end) giving_early_.reset();
    std::erase_if(early_ends_, [&](int64_t early) { return early <= end; });
  }
  giving_->table = kind == Kind::updated ? &windows_.updated(end) : &windows_.window(end);
  giving_->order = output_.choose(*giving_->table, end - shape_.size, end, kind);
  giving_->removed = taken_back(*giving_);
  show(*giving_);
}

// Whether that was all of it.
bool Window::give_rows(Giving& giving, std::vector<Batch>& parts, size_t& rows) {
  if (!giving.removed.empty()) {
    auto part = output_.rows(*giving.table, giving.removed, giving.end - shape_.size, giving.end, Kind::removed);
    if (!parts.empty() && !can_join(parts.front(), part)) return false;
    parts.push_back(std::move(part));
    rows += giving.removed.size();
    forget_shown(giving);
    giving.removed.clear();
    if (rows >= kRowsMax) return false;
  }
  const auto left = std::span(giving.order).subspan(giving.given);
  const auto now = left.first(std::min(left.size(), kRowsMax - rows));
  if (!now.empty()) {
    auto part = output_.rows(*giving.table, now, giving.end - shape_.size, giving.end, giving.kind);
    // One of other types goes by itself, the next time.
    if (!parts.empty() && !can_join(parts.front(), part)) return false;
    parts.push_back(std::move(part));
  }
  rows += now.size();
  giving.given += now.size();
  return giving.given == giving.order.size();
}

Batch Window::give_early(std::chrono::nanoseconds now) {
  if (!giving_early_ && early_ends_.empty()) {
    if (!early_.take(now)) return Batch(0);
    early_ends_ = windows_.take_touched();
  }
  std::vector<Batch> parts;
  for (size_t rows = 0; rows < kRowsMax;) {
    if (!giving_early_) {
      if (early_ends_.empty()) break;
      const int64_t end = early_ends_.back();
      early_ends_.pop_back();
      const auto& table = windows_.so_far(end);
      giving_early_ = {Kind::early, end, &table, output_.choose(table, end - shape_.size, end, Kind::early)};
      giving_early_->removed = taken_back(*giving_early_);
      show(*giving_early_);
    }
    if (!give_rows(*giving_early_, parts, rows)) break;
    giving_early_.reset();
  }
  early_.set(windows_.is_touched());
  return join_parts(parts);
}

std::vector<Output::Number> Window::taken_back(const Giving& giving) const {
  std::vector<Output::Number> back;
  const auto shown = shown_.find(giving.end);
  if (shown == shown_.end()) return back;
  std::vector<bool> meets(giving.table->size());
  for (const auto number : giving.order) meets[number] = true;
  for (Output::Number number = 0; number < giving.table->size(); ++number)
    if (!meets[number] && shown->second.find(giving.table->key(number)) != KeyTable::kNone) back.push_back(number);
  std::sort(back.begin(), back.end(),
            [&](auto a, auto b) { return compare_keys(giving.table->key(a), giving.table->key(b)) < 0; });
  return back;
}

// Nothing takes back what is given for the last time.
void Window::show(const Giving& giving) {
  if (!takes_back() || (giving.kind == Kind::final && windows_.keep() == 0)) return;
  auto& shown = shown_.try_emplace(giving.end, 0).first->second;
  for (const auto number : giving.order) shown.find_or_add(giving.table->key(number));
}

void Window::forget_shown(const Giving& giving) {
  auto& shown = shown_.at(giving.end);
  KeyTable removed(0);
  for (const auto number : giving.removed) removed.find_or_add(giving.table->key(number));
  shown.retain([&](auto number) { return removed.find(shown.key(number)) == KeyTable::kNone; });
}

std::chrono::nanoseconds Window::deadline() {
  if (giving_ || windows_.has_updates() || windows_.next_end(marks_.watermark())) return std::chrono::nanoseconds(0);
  if (giving_early_ || !early_ends_.empty()) return std::chrono::nanoseconds(0);
  return std::min(marks_.deadline(), early_.deadline());
}

Result<Batch> Window::advance(std::chrono::nanoseconds now, bool ended) {
  marks_.advance(now);
  Batch given = give(ended ? std::numeric_limits<int64_t>::max() : marks_.watermark());
  if (given.rows() == 0 && !ended) given = give_early(now);
  else early_.set(windows_.is_touched());
  if (given.rows() == 0) return idle();
  return given;
}

std::string Window::options_of_state() const {
  std::string text = "size " + std::to_string(shape_.size) + ", slide " + std::to_string(shape_.slide);
  if (windows_.keep() > 0) text += ", late update, keep " + std::to_string(windows_.keep());
  return text + keys_and_aggregates(settings_);
}

Done Window::save(std::string& to) {
  StateWriter writer(to, state_kind(), options_of_state());
  marks_.save(writer);
  windows_.save(writer);
  save_giving(writer);
  writer.finish();
  windows_.begin_changes();
  return {};
}

Done Window::save_changes(std::string& to) {
  StateWriter writer(to, changes_kind(), options_of_state());
  marks_.save(writer);
  windows_.save_changes(writer);
  save_giving(writer);
  writer.finish();
  return {};
}

void Window::save_giving(StateWriter& to) const {
  to.value(giving_ ? giving_->end : Watermarks::kNone);
  to.value(static_cast<uint64_t>(giving_ ? giving_->given : 0));
  if (windows_.keep() > 0) to.value(giving_ && giving_->kind == Kind::updated);
  save_shown(to);
}

// They are those that meet the condition, which are few.
void Window::save_shown(StateWriter& to) const {
  if (shown_.empty()) return;
  to.value(static_cast<uint64_t>(shown_.size()));
  for (const auto& [end, keys] : shown_) {
    to.value(end);
    keys.save_keys(to);
  }
}

void Window::load_shown(StateReader& from) {
  shown_.clear();
  if (from.left() == 0) return;
  const auto count = from.value<uint64_t>();
  for (uint64_t at = 0; at < count && from.good(); ++at)
    shown_.try_emplace(from.value<int64_t>(), 0).first->second.load_keys(from, settings_.keys.size());
  if (!takes_back()) shown_.clear();
}

Done Window::load(std::string_view state) {
  if (state.empty()) {
    forget();
    return {};
  }
  auto reader = StateReader::open(state, state_kind(), options_of_state());
  if (!reader) return std::move(reader).error();
  forget();
  marks_.load(*reader, host_.monotonic());
  windows_.load(*reader, settings_.keys.size());
  return load_giving(*reader);
}

Done Window::load_changes(std::string_view changes) {
  auto reader = StateReader::open(changes, changes_kind(), options_of_state());
  if (!reader) return std::move(reader).error();
  giving_.reset();
  marks_.load(*reader, host_.monotonic());
  windows_.load_changes(*reader, settings_.keys.size());
  return load_giving(*reader);
}

Done Window::load_giving(StateReader& from) {
  const auto end = from.value<int64_t>();
  const auto given = from.value<uint64_t>();
  const bool updated = windows_.keep() > 0 && from.value<bool>();
  load_shown(from);
  LEVADA_TRY(from.finish());
  early_.set(windows_.is_touched());
  if (end == Watermarks::kNone) return {};
  begin(updated ? Kind::updated : Kind::final, end);
  giving_->given = std::min<size_t>(given, giving_->order.size());
  return {};
}

void Window::forget() {
  giving_.reset();
  giving_early_.reset();
  early_ends_.clear();
  early_.set(false);
  shown_.clear();
  marks_.forget();
  windows_.forget();
}

}  // namespace levada::window

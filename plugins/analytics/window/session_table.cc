#include "session_table.h"

#include <algorithm>
#include <utility>

#include "key_order.h"
#include "shape.h"

namespace levada::window {

SessionTable::SessionTable(const Layout& layout, int64_t gap, int64_t keep, size_t memory_bytes)
    : gap_(gap),
      keep_(keep),
      bucket_width_(std::max<int64_t>(1, gap / 64)),
      memory_bytes_(memory_bytes),
      records_(layout, sizeof(Session)),
      zero_(layout.state_bytes()) {}

size_t SessionTable::bytes_with(size_t rows) const {
  constexpr size_t kKeyBytes = 64;  // What keys take that have no room in their records, about.
  return table_.bytes_with(rows, kKeyBytes * rows) + records_.bytes_with(rows) +
         (records_.size() + rows) * sizeof(Number) + removals_.capacity() * sizeof(Removal);
}

bool SessionTable::has_room(KeyTable::Number key, int64_t time) const {
  if (bytes_with(1) <= memory_bytes_) return true;
  if (key == KeyTable::kNone) return false;
  for (Number next = table_.state<Number>(key); next != 0; next = session(next - 1).next)
    if (const auto& each = session(next - 1); each.start < time + gap_) return end_of(each) > time;
  return false;
}

// The latest is the first of its key, and most rows belong to it.
SessionTable::Number SessionTable::place(KeyTable::Number key, int64_t time) {
  Number* link = &first_of(key);
  for (; *link != 0; link = &session(*link - 1).next) {
    const Number number = *link - 1;
    auto& each = session(number);
    if (each.start >= time + gap_) continue;
    if (end_of(each) <= time) break;
    touch(number);
    each.last = std::max(each.last, time);
    if (time < each.start) begin_earlier(number, time);
    return number;
  }
  const Number number = begin(key, time);
  session(number).next = *link;
  *link = number + 1;
  return number;
}

SessionTable::Number SessionTable::begin(KeyTable::Number key, int64_t time) {
  const Number number = records_.take();
  auto& made = session(number);
  made.start = made.last = time;
  made.bucket = kNowhere;
  made.shown = kNone;
  made.key = key;
  set_touched(made, true);
  enter(number);
  return number;
}

void SessionTable::touch(Number number) {
  auto& touched = session(number);
  set_touched(touched, true);
  late_ += touched.given;
  if (!touched.given && touched.bucket != kListed) return;
  // It may be over at another time now.
  touched.given = 0;
  enter(number);
}

void SessionTable::set_touched(Session& session, bool touched) {
  if (touched == (session.touched != 0)) return;
  session.touched = touched;
  touched ? ++touched_ : --touched_;
}

void SessionTable::begin_earlier(Number number, int64_t time) {
  auto& later = session(number);
  later.start = time;
  const auto shown = std::exchange(later.shown, kNone);
  const bool shown_final = std::exchange(later.shown_final, 0) != 0;
  Session* earlier = later.next == 0 ? nullptr : &session(later.next - 1);
  if (earlier && end_of(*earlier) > time) {
    joined_.push_back(later.next - 1);
    later.start = earlier->start;
    later.last = std::max(later.last, earlier->last);
    later.next = std::exchange(earlier->next, number);
    earlier->is_joined = 1;
    earlier->bucket = kNowhere;
    set_touched(*earlier, false);
    keep_shown(later, earlier->shown, earlier->shown_final != 0);
  }
  keep_shown(later, shown, shown_final);
}

void SessionTable::keep_shown(Session& session, int64_t shown, bool shown_final) {
  if (shown == kNone) return;
  if (shown != session.start) return removals_.push_back({session.key, shown, end_of(session)});
  session.shown = shown;
  session.shown_final = shown_final;
}

SessionTable::Number SessionTable::root(Number number) const {
  while (session(number).is_joined) number = session(number).next;
  return number;
}

void SessionTable::add_group(const RowKeys& keys, std::span<const int64_t> rows, const int64_t* times) {
  table_.find_or_add(keys, rows, numbers_.data());
  for (size_t at = 0; at < rows.size(); ++at)
    if (const Number first = first_of(numbers_[at]); first != 0) records_.prefetch(first - 1);
  places_.clear();
  for (size_t at = 0; at < rows.size(); ++at) places_.push_back(place(numbers_[at], times[rows[at]]));
  add_placed(rows);
}

void SessionTable::add_placed(std::span<const int64_t> rows) {
  from_.clear();
  to_.clear();
  for (const Number number : joined_) {
    from_.push_back(records_.pieces(number));
    to_.push_back(records_.pieces(root(number)));
  }
  if (!joined_.empty()) records_.join(from_, to_.data());
  to_.clear();
  for (const Number number : places_) to_.push_back(records_.pieces(root(number)));
  records_.add(rows, to_.data());
  for (const Number number : joined_) records_.give_back(number);
  joined_.clear();
  collected_ = kNone;
}

bool SessionTable::make_room(size_t rows) {
  if (forgetting_.is_due(table_)) forget_keys();
  records_.renew_shared();
  if (bytes_with(rows) <= memory_bytes_) return true;
  // Where a fourth of the keys have no session any more.
  if (4 * records_.size() >= 3 * table_.size()) return false;
  forget_keys();
  return bytes_with(rows) <= memory_bytes_;
}

void SessionTable::forget_keys() {
  if (!removals_.empty()) return;
  table_.retain([&](auto key) { return table_.state<Number>(key) != 0; },
                [&](auto from, auto to) {
                  for (Number next = table_.state<Number>(from); next != 0; next = session(next - 1).next)
                    session(next - 1).key = to;
                });
  forgetting_.done(table_);
}

void SessionTable::enter(Number number) {
  auto& entered = session(number);
  const int64_t bucket = floor_to(due_of(entered), bucket_width_);
  if (entered.bucket == bucket) return;
  entered.bucket = bucket;
  calendar_[bucket].push_back(number);
}

void SessionTable::collect(int64_t limit) {
  if (collected_ == limit) return;
  collected_ = limit;
  std::vector<Number> waiting;
  while (waiting.empty() && !calendar_.empty() && calendar_.begin()->first <= limit) {
    const auto taken = calendar_.extract(calendar_.begin());
    for (const Number number : taken.mapped()) {
      if (!records_.is_taken(number) || session(number).bucket != taken.key()) continue;
      auto& each = session(number);
      if (const int64_t due = due_of(each); due > limit) {
        if (floor_to(due, bucket_width_) == taken.key()) waiting.push_back(number);
        else enter(number);
      } else if (each.given) {
        end(number);
      } else {
        each.bucket = kListed;
        due_.push_back(number);
      }
    }
    if (!waiting.empty()) calendar_[taken.key()] = std::move(waiting);
    else continue;
    break;
  }
  sort(due_);
}

void SessionTable::sort(std::vector<Number>& sessions) const {
  struct Ordered {
    int64_t end;
    uint64_t prefix;
    Number number;
  };
  std::vector<Ordered> order;
  order.reserve(sessions.size());
  for (const Number number : sessions) {
    const auto& each = session(number);
    order.push_back({end_of(each), prefix_of(table_.key(each.key)), number});
  }
  std::sort(order.begin(), order.end(), [&](const Ordered& a, const Ordered& b) {
    if (a.end != b.end) return a.end > b.end;
    if (a.prefix != b.prefix) return a.prefix > b.prefix;
    return compare_keys(table_.key(session(a.number).key), table_.key(session(b.number).key)) > 0;
  });
  for (size_t at = 0; at < order.size(); ++at) sessions[at] = order[at].number;
}

bool SessionTable::is_due(int64_t limit) {
  if (!removals_.empty()) return true;
  while (!due_.empty() && !is_listed(due_.back())) due_.pop_back();
  if (due_.empty()) collect(limit);
  return !due_.empty() && end_of(session(due_.back())) <= limit;
}

void SessionTable::give(int64_t limit, size_t rows, Given& to) {
  removals_given_ = std::min(rows, removals_.size());
  for (size_t at = 0; at < removals_given_; ++at) {
    const auto& each = removals_[at];
    to.add(table_.key(each.key), zero_.data(), each.start, each.end, Kind::removed);
  }
  if (due_.empty()) collect(limit);
  for (; !due_.empty() && to.rows() < rows; due_.pop_back()) {
    const Number number = due_.back();
    if (!is_listed(number)) continue;
    const auto& each = session(number);
    // All were due when intake had ended, and now less is asked for.
    if (end_of(each) > limit) break;
    to.add(table_.key(each.key), records_.pieces(number), each.start, end_of(each),
           each.shown_final ? Kind::updated : Kind::final);
    giving_.push_back(number);
  }
  to.shared = records_.shared();
}

void SessionTable::settle(Given& given, std::span<const uint8_t> shown) {
  const size_t first = given.rows() - giving_.size();
  for (size_t at = 0; at < giving_.size(); ++at) {
    auto& each = session(giving_[at]);
    const bool is_shown = shown[first + at], was_shown = each.shown != kNone;
    if (was_shown && !is_shown) given.kinds[first + at] = Kind::removed;
    each.shown = is_shown ? each.start : kNone;
  }
}

void SessionTable::given() {
  removals_.erase(removals_.begin(), removals_.begin() + static_cast<std::ptrdiff_t>(removals_given_));
  removals_given_ = 0;
  for (const Number number : giving_) {
    auto& each = session(number);
    table_.changed(each.key);
    if (keep_ == 0) {
      end(number);
      continue;
    }
    set_touched(each, false);
    each.given = each.shown_final = 1;
    each.bucket = kNowhere;
    enter(number);
  }
  giving_.clear();
}

void SessionTable::end(Number number) {
  auto& ended = session(number);
  table_.changed(ended.key);
  forgotten_end_ = std::max(forgotten_end_, end_of(ended));
  Number* link = &first_of(ended.key);
  while (*link != number + 1) link = &session(*link - 1).next;
  *link = ended.next;
  set_touched(ended, false);
  ended.bucket = kNowhere;
  records_.give_back(number);
}

void SessionTable::begin_early() {
  early_.clear();
  for (Number number = 0; number < records_.end(); ++number)
    if (records_.is_taken(number) && session(number).touched) early_.push_back(number);
  sort(early_);
}

void SessionTable::give_early(size_t rows, Given& to) {
  while (!early_.empty() && to.rows() < rows) {
    const Number number = early_.back();
    early_.pop_back();
    if (!records_.is_taken(number) || !session(number).touched) continue;
    auto& each = session(number);
    set_touched(each, false);
    table_.changed(each.key);
    to.add(table_.key(each.key), records_.pieces(number), each.start, end_of(each), Kind::early);
    giving_.push_back(number);
  }
  to.shared = records_.shared();
}

void SessionTable::save(StateWriter& to) const {
  to.value(forgotten_end_);
  table_.save_keys(to);
  to.value(static_cast<uint64_t>(records_.size()));
  std::vector<Number> order;
  order.reserve(records_.size());
  for (KeyTable::Number key = 0; key < table_.size(); ++key)
    for (Number next = table_.state<Number>(key); next != 0; next = session(next - 1).next) {
      const auto& each = session(next - 1);
      order.push_back(next - 1);
      to.value(each.key);
      to.value(each.start);
      to.value(each.last);
      to.value(each.shown);
      to.value(flags_of(each));
    }
  records_.save_pieces(order, to);
  save_removals(to);
}

uint8_t SessionTable::flags_of(const Session& session) {
  return static_cast<uint8_t>(session.shown_final | session.given << 1 | session.touched << 2);
}

void SessionTable::save_removals(StateWriter& to) const {
  to.value(static_cast<uint64_t>(removals_.size()));
  for (const auto& each : removals_) to.value(each);
}

void SessionTable::load_removals(StateReader& from) {
  removals_.clear();
  const auto removals = from.value<uint64_t>();
  for (uint64_t at = 0; at < removals && from.good(); ++at) {
    removals_.push_back(from.value<Removal>());
    if (removals_.back().key >= table_.size()) from.fail();
  }
}

SessionTable::Number* SessionTable::load_session(KeyTable::Number key, Number* link, int64_t start, int64_t last,
                                                 int64_t shown, uint8_t flags) {
  const Number number = records_.take();
  auto& each = session(number);
  each.key = key;
  each.start = start;
  each.last = last;
  each.shown = shown;
  each.shown_final = flags & 1;
  each.given = flags >> 1 & 1;
  set_touched(each, (flags & 4) != 0);
  each.bucket = kNowhere;
  enter(number);
  *link = number + 1;
  return &each.next;
}

void SessionTable::load(StateReader& from, size_t key_columns) {
  forget();
  forgotten_end_ = from.value<int64_t>();
  table_.load_keys(from, key_columns);
  const auto count = from.value<uint64_t>();
  std::vector<Number> order;
  Number* link = nullptr;
  KeyTable::Number last_key = KeyTable::kNone;
  for (uint64_t at = 0; at < count && from.good(); ++at) {
    const auto key = from.value<KeyTable::Number>();
    if (key >= table_.size() || (last_key != KeyTable::kNone && key < last_key)) {
      from.fail();
      break;
    }
    if (key != last_key) link = &first_of(key);
    last_key = key;
    const auto start = from.value<int64_t>(), last = from.value<int64_t>(), shown = from.value<int64_t>();
    Number* const at_it = std::exchange(link, load_session(key, link, start, last, shown, from.value<uint8_t>()));
    order.push_back(*at_it - 1);
  }
  records_.load_pieces(order, from);
  load_removals(from);
  if (!from.good()) forget();
}

void SessionTable::begin_changes() {
  table_.begin_changes();
  records_.begin_changes();
}

void SessionTable::save_changes(StateWriter& to) {
  to.value(forgotten_end_);
  std::vector<Number> order;
  for (const auto key : table_.save_changed_keys(to)) {
    const size_t before = order.size();
    for (Number next = first_of(key); next != 0; next = session(next - 1).next) order.push_back(next - 1);
    to.number(order.size() - before);
    for (const Number number : std::span(order).subspan(before)) {
      const auto& each = session(number);
      const bool was_shown = each.shown != kNone;
      to.value(static_cast<uint8_t>(flags_of(each) | was_shown << 3));
      to.value(each.start);
      to.number(static_cast<uint64_t>(each.last - each.start));
      if (was_shown) to.value(each.shown);
    }
  }
  records_.save_changes(order, to);
  save_removals(to);
}

void SessionTable::load_changes(StateReader& from, size_t key_columns) {
  forgotten_end_ = from.value<int64_t>();
  std::vector<Number> order;
  for (const auto key : table_.load_changed_keys(from, key_columns)) {
    for (Number next = std::exchange(first_of(key), 0); next != 0;) {
      const Number number = next - 1;
      next = session(number).next;
      set_touched(session(number), false);
      records_.give_back(number);
    }
    Number* link = &first_of(key);
    const auto count = from.number();
    for (uint64_t at = 0; at < count && from.good(); ++at) {
      const auto flags = from.value<uint8_t>();
      const auto start = from.value<int64_t>();
      const auto last = static_cast<int64_t>(static_cast<uint64_t>(start) + from.number());
      const auto shown = (flags & 8) != 0 ? from.value<int64_t>() : kNone;
      Number* const at_it = std::exchange(link, load_session(key, link, start, last, shown, flags));
      order.push_back(*at_it - 1);
    }
  }
  records_.load_changes(order, from);
  load_removals(from);
  collected_ = kNone;
  if (!from.good()) forget();
}

void SessionTable::forget() {
  table_.clear();
  forgetting_ = {};
  records_.clear();
  calendar_.clear();
  due_.clear();
  early_.clear();
  removals_.clear();
  forgotten_end_ = collected_ = kNone;
  touched_ = 0;
}

}  // namespace levada::window

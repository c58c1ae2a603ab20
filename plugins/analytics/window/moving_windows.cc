#include "moving_windows.h"

#include <algorithm>
#include <numeric>

#include "levada/joined_rows.h"

namespace levada::window {
namespace {

Column nulls(const std::string& name, int64_t rows) {
  ValueBuilder<int64_t> values(rows);
  for (int64_t row = 0; row < rows; ++row) values.append_null();
  return std::move(values).finish(name, Type::int64);
}

}  // namespace

MovingWindows::MovingWindows(Checked checked, Host host)
    : settings_(std::move(checked.settings)),
      span_(microseconds(*settings_.moving)),
      memory_bytes_(static_cast<size_t>(settings_.memory_bytes.bytes) / 2),
      columns_(columns_of(checked.aggregates)),
      has_values_(std::any_of(columns_.begin(), columns_.end(), [](auto& each) { return each.values != nullptr; })),
      layout_(std::move(checked.aggregates), false),
      order_(settings_, settings_.late == Late::drop ? OnLate::drop : OnLate::reject,
             Size{settings_.memory_bytes.bytes / 2}, host),
      keys_(settings_.keys),
      records_(layout_, 0),
      results_(layout_, 0),
      having_(std::move(checked.having)),
      remarks_([host](std::string_view remark) { host.warning(remark); }),
      full_count_(host.counter("rows_without_room")) {}

// Takes away those aggregates that have values of their own.
std::vector<MovingWindows::ColumnOf> MovingWindows::columns_of(std::vector<NamedAggregate>& aggregates) {
  std::vector<ColumnOf> columns;
  for (const auto& each : aggregates)
    columns.push_back({each.name, each.aggregate->is_small() ? nullptr : each.aggregate->make_moving()});
  std::erase_if(aggregates, [](const auto& each) { return !each.aggregate->is_small(); });
  return columns;
}

Done MovingWindows::intercept(Batch& batch) {
  order_.take(batch);
  see(batch);
  return {};
}

Result<Batch> MovingWindows::advance(std::chrono::nanoseconds now, bool ended) {
  for (;;) {
    auto batch = order_.advance(now, ended);
    if (!batch) return batch;
    see(*batch);
    if (batch->rows() > 0) return batch;
  }
}

void MovingWindows::see(Batch& batch) {
  if (batch.rows() == 0) return;
  const auto all = static_cast<size_t>(batch.rows());
  keys_.read(batch);
  layout_.bind(batch, order_.times().data());
  for (const auto& each : columns_)
    if (each.values) each.values->bind(batch);
  found_.clear();
  incomplete_.assign(all, 0);
  for (size_t row = 0; row < all; ++row) found_.push_back(results_.take());
  for (size_t first = 0; first < all; first += kStretch) see_stretch(first, std::min(kStretch, all - first));
  results_.take_held_from(records_);
  add_columns(batch);
  for (const Number result : found_) results_.give_back(result);
  if (!having_) return;
  mask_.reset(batch.rows(), 1);
  having_->narrow(batch, mask_, remarks_);
  rows_.clear();
  for (int64_t row = 0; row < batch.rows(); ++row)
    if (mask_.data()[row]) rows_.push_back(row);
  batch.take(rows_);
}

void MovingWindows::see_stretch(size_t first, size_t rows) {
  const auto times = order_.times().subspan(first, rows);
  if (!make_room(rows, times[0])) return refuse(first, rows);
  rows_.resize(rows);
  std::iota(rows_.begin(), rows_.end(), static_cast<int64_t>(first));
  const size_t known = table_.size();
  numbers_.resize(rows);
  table_.find_or_add(keys_, rows_, numbers_.data());
  for (auto key = static_cast<KeyTable::Number>(known); key < table_.size(); ++key)
    table_.state<KeyState>(key).incomplete_until = blind_until_;
  own_.clear();
  to_.clear();
  for (size_t at = 0; at < rows; ++at) {
    own_.push_back(records_.take());
    to_.push_back(records_.pieces(own_.back()));
  }
  records_.add(rows_, to_.data());
  from_.clear();
  to_.clear();
  for (size_t at = 0; at < rows; ++at) {
    auto& state = table_.state<KeyState>(numbers_[at]);
    expire(state, times[at]);
    push(state, times[at], own_[at], results_.pieces(found_[first + at]));
    if (has_values_) count_values(state, own_[at], rows_[at]);
    incomplete_[first + at] = times[at] < state.incomplete_until;
  }
  run();
}

void MovingWindows::add_columns(Batch& batch) const {
  std::vector<const char*> records;
  records.reserve(found_.size());
  for (const Number number : found_) records.push_back(results_.pieces(number));
  Batch made(batch.rows());
  auto joined_column = layout_.aggregates().begin();
  for (const auto& each : columns_)
    made.set(each.values ? each.values->finish(each.name)
                         : joined_column++->aggregate->finish(each.name, records, nullptr));
  if (std::find(incomplete_.begin(), incomplete_.end(), 1) != incomplete_.end()) {
    const Batch none(batch.rows());
    std::vector<RowOf> all;
    for (size_t row = 0; row < found_.size(); ++row)
      all.push_back({incomplete_[row] ? &none : &made, static_cast<int64_t>(row)});
    // A column that no row has is one of nulls.
    Batch joined = join_rows(all);
    for (const auto& column : made.columns())
      batch.set(joined.find(column.name()) ? *joined.find(column.name()) : nulls(column.name(), batch.rows()));
    return;
  }
  for (const auto& column : made.columns()) batch.set(column);
}

size_t MovingWindows::bytes_with(size_t rows) const {
  constexpr size_t kKeyBytes = 64;  // What keys take that have no room in their records, about.
  size_t bytes = table_.bytes_with(rows, kKeyBytes * rows) + pool_.bytes() + 2 * rows * sizeof(Entry) +
                 records_.bytes_with(2 * rows);
  for (const auto& each : columns_)
    if (each.values) bytes += each.values->bytes_with(rows);
  return bytes;
}

bool MovingWindows::make_room(size_t rows, int64_t time) {
  if (forgetting_.is_due(table_)) {
    sweep(time);
    forgetting_.done(table_);
  }
  if (bytes_with(rows) <= memory_bytes_) return true;
  // Looking through all keys pays only where some time has passed.
  if (swept_ != kNone && time - swept_ < span_ / 16) return false;
  sweep(time);
  return bytes_with(rows) <= memory_bytes_;
}

void MovingWindows::refuse(size_t first, size_t rows) {
  const auto times = order_.times().subspan(first, rows);
  for (size_t at = 0; at < rows; ++at) {
    const auto key = table_.find(keys_[static_cast<int64_t>(first + at)]);
    if (key != KeyTable::kNone) table_.state<KeyState>(key).incomplete_until = times[at] + span_;
    incomplete_[first + at] = 1;
  }
  blind_until_ = times[rows - 1] + span_;
  for (const auto& each : columns_)
    if (each.values) each.values->skip(rows);
  full_count_.add(static_cast<int64_t>(rows));
}

void MovingWindows::join(Number from, char* to) {
  from_.push_back(records_.pieces(from));
  to_.push_back(to);
}

void MovingWindows::run() {
  records_.join(from_, to_.data());
  from_.clear();
  to_.clear();
  for (const auto& each : columns_)
    if (each.values) each.values->take(steps_);
  steps_.clear();
  for (const Number record : garbage_) records_.give_back(record);
  garbage_.clear();
}

void MovingWindows::expire(KeyState& state, int64_t time) {
  auto& rows = state.rows;
  bool back_is_less = false;
  while (rows.size > 0 && rows.front().time <= time - span_) {
    garbage_.push_back(rows.front().record);
    if (has_values_) steps_.push_back({state.slot - 1, rows.front().record, MovingValues::kLeaves});
    rows.pop();
    if (state.front > 0) --state.front;
    else back_is_less = true;
  }
  if (!back_is_less) return;
  if (state.back != 0) garbage_.push_back(state.back - 1);
  state.back = 0;
  for (uint32_t at = rows.size; at-- > 1;) join(rows[at].record, records_.pieces(rows[at - 1].record));
  state.front = rows.size;
}

void MovingWindows::push(KeyState& state, int64_t time, Number record, char* result) {
  auto& rows = state.rows;
  rows.push({time, record}, pool_);
  const uint32_t back = rows.size - state.front;
  if (back == 2) {
    state.back = records_.take() + 1;
    join(rows[rows.size - 2].record, records_.pieces(state.back - 1));
  }
  if (back >= 2) join(record, records_.pieces(state.back - 1));
  if (state.front > 0) join(rows.front().record, result);
  join(back == 1 ? record : state.back - 1, result);
}

void MovingWindows::count_values(KeyState& state, Number record, int64_t row) {
  if (state.slot == 0) {
    if (free_slots_.empty()) free_slots_.push_back(slots_++);
    state.slot = free_slots_.back() + 1;
    free_slots_.pop_back();
  }
  steps_.push_back({state.slot - 1, record, row});
}

void MovingWindows::sweep(int64_t time) {
  for (KeyTable::Number key = 0; key < table_.size(); ++key) {
    auto& state = table_.state<KeyState>(key);
    expire(state, time);
    if (state.rows.size > 0) continue;
    state.rows.release(pool_);
    if (state.slot != 0) free_slots_.push_back(std::exchange(state.slot, 0) - 1);
  }
  run();
  table_.retain([&](auto key) {
    const auto& state = table_.state<KeyState>(key);
    return state.rows.size > 0 || state.incomplete_until > time;
  });
  swept_ = time;
}

std::string MovingWindows::options_of_state() const {
  return "moving " + std::to_string(span_) + keys_and_aggregates(settings_);
}

void MovingWindows::save_keys(StateWriter& to) const {
  table_.save_keys(to);
  std::vector<Number> order;
  for (KeyTable::Number key = 0; key < table_.size(); ++key) {
    const auto& state = table_.state<KeyState>(key);
    to.value(state.incomplete_until);
    to.value(state.front);
    to.value(state.back != 0);
    to.value(state.rows.size);
    for (uint32_t at = 0; at < state.rows.size; ++at) {
      to.value(state.rows[at].time);
      order.push_back(state.rows[at].record);
    }
    if (state.back != 0) order.push_back(state.back - 1);
  }
  records_.save_pieces(order, to);
  if (!has_values_) return;
  const auto rows = rows_with_values();
  for (const auto& each : columns_)
    if (each.values) each.values->save(rows, to);
}

std::vector<MovingValues::Step> MovingWindows::rows_with_values() const {
  std::vector<MovingValues::Step> rows;
  for (KeyTable::Number key = 0; key < table_.size(); ++key) {
    const auto& state = table_.state<KeyState>(key);
    for (uint32_t at = 0; at < state.rows.size; ++at) rows.push_back({state.slot - 1, state.rows[at].record, 0});
  }
  return rows;
}

void MovingWindows::load_values(StateReader& from) {
  for (KeyTable::Number key = 0; key < table_.size(); ++key)
    if (auto& state = table_.state<KeyState>(key); state.rows.size > 0) state.slot = ++slots_;
  const auto rows = rows_with_values();
  for (const auto& each : columns_)
    if (each.values && from.good()) each.values->load(rows, from);
}

void MovingWindows::load_keys(StateReader& from) {
  table_.load_keys(from, keys_.columns().size());
  std::vector<Number> order;
  for (KeyTable::Number key = 0; key < table_.size() && from.good(); ++key) {
    auto& state = table_.state<KeyState>(key);
    state.incomplete_until = from.value<int64_t>();
    state.front = from.value<uint32_t>();
    const bool has_back = from.value<bool>();
    const auto rows = from.value<uint32_t>();
    if (state.front > rows || rows > from.left() / sizeof(int64_t)) return from.fail();
    for (uint32_t at = 0; at < rows; ++at) {
      order.push_back(records_.take());
      state.rows.push({from.value<int64_t>(), order.back()}, pool_);
    }
    if (!has_back) continue;
    order.push_back(records_.take());
    state.back = order.back() + 1;
  }
  records_.load_pieces(order, from);
  if (has_values_ && from.good()) load_values(from);
}

Done MovingWindows::save(std::string& to) {
  StateWriter writer(to, kStateKind, options_of_state());
  order_.save(writer);
  writer.value(blind_until_);
  save_keys(writer);
  writer.finish();
  return {};
}

Done MovingWindows::load(std::string_view state) {
  if (state.empty()) {
    forget();
    return {};
  }
  auto reader = StateReader::open(state, kStateKind, options_of_state());
  if (!reader) return std::move(reader).error();
  forget();
  order_.load(*reader);
  blind_until_ = reader->value<int64_t>();
  load_keys(*reader);
  auto done = reader->finish();
  if (!done) forget();
  return done;
}

void MovingWindows::forget() {
  order_.forget();
  table_.clear();
  pool_.clear();
  forgetting_ = {};
  records_.clear();
  for (const auto& each : columns_)
    if (each.values) each.values->clear();
  slots_ = 0;
  free_slots_.clear();
  blind_until_ = swept_ = kNone;
}

}  // namespace levada::window

#include "picks.h"

namespace levada::window {
namespace {

template <class Get>
Column column_of_cells(std::string name, std::span<const char* const> records, Get get) {
  std::vector<const Cell*> cells;
  cells.reserve(records.size());
  for (const char* record : records) cells.push_back(&get(record));
  return column_of(std::move(name), cells);
}

// Sets it, and says by how many bytes it has grown.
template <class... Value>
int64_t set(Cell& cell, const Value&... value) {
  const auto before = cell.held_bytes();
  cell.set(value...);
  return static_cast<int64_t>(cell.held_bytes()) - static_cast<int64_t>(before);
}

}  // namespace

void Extreme::add(std::span<const int64_t> rows, char* const* records, Shared*) {
  if (!column_ || !Cell::can_hold(column_->type())) return;
  for (size_t at = 0; at < rows.size(); ++at) {
    if (column_->null(rows[at])) continue;
    auto& cell = in<Cell>(records[at]);
    if (cell.kind == Cell::none || is_better(compare(*column_, rows[at], cell)))
      growth += set(cell, *column_, rows[at]);
  }
}
void Extreme::join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) {
  for (size_t at = 0; at < from.size(); ++at) {
    const auto& other = in<Cell>(from[at]);
    auto& mine = in<Cell>(to[at]);
    if (other.kind != Cell::none && (mine.kind == Cell::none || is_better(compare(other, mine))))
      growth += set(mine, other);
  }
}
Column Extreme::finish(std::string name, std::span<const char* const> records, const Shared*) const {
  return column_of_cells(std::move(name), records, [&](const char* record) -> auto& { return in<Cell>(record); });
}

void Pick::add(std::span<const int64_t> rows, char* const* records, Shared*) {
  if (!column_ || !Cell::can_hold(column_->type())) return;
  for (size_t at = 0; at < rows.size(); ++at) {
    const int64_t row = rows[at];
    if (column_->null(row)) continue;
    auto& state = in<State>(records[at]);
    if (state.cell.kind != Cell::none) {
      auto order = side(times_[row], state.time);
      if (order == 0) order = latest_ ? compare(*column_, row, state.cell) : 0 <=> compare(*column_, row, state.cell);
      if (order <= 0) continue;
    }
    state.time = times_[row];
    growth += set(state.cell, *column_, row);
  }
}
void Pick::join(std::span<const char* const> from, const Shared*, char* const* to, Shared*) {
  for (size_t at = 0; at < from.size(); ++at) {
    const auto& other = in<State>(from[at]);
    auto& mine = in<State>(to[at]);
    if (other.cell.kind == Cell::none) continue;
    if (mine.cell.kind != Cell::none) {
      auto order = side(other.time, mine.time);
      if (order == 0) order = latest_ ? compare(other.cell, mine.cell) : compare(mine.cell, other.cell);
      if (order <= 0) continue;
    }
    mine.time = other.time;
    growth += set(mine.cell, other.cell);
  }
}
Column Pick::finish(std::string name, std::span<const char* const> records, const Shared*) const {
  return column_of_cells(std::move(name), records, [&](const char* record) -> auto& { return in<State>(record).cell; });
}
void Pick::save(const char* record, StateWriter& to) const {
  to.value(in<State>(record).time);
  in<State>(record).cell.save(to);
}
void Pick::load(char* record, StateReader& from) const {
  in<State>(record).time = from.value<int64_t>();
  in<State>(record).cell.load(from);
}

}  // namespace levada::window

#include "cell.h"

#include <charconv>
#include <cmath>

#include "levada/time.h"

namespace levada::window {
namespace {

Cell::Kind kind_of(Type type) {
  switch (type) {
    case Type::boolean: return Cell::boolean;
    case Type::int64: return Cell::integer;
    case Type::float64: return Cell::real;
    case Type::timestamp: return Cell::time;
    case Type::bytes: return Cell::bytes;
    default: return Cell::text;
  }
}

std::strong_ordering compare_numbers(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) <=> std::isnan(b);
  return a < b ? std::strong_ordering::less : a > b ? std::strong_ordering::greater : std::strong_ordering::equal;
}

// Numbers of the two types by their value, and then by their type.
std::strong_ordering compare_mixed(int64_t whole, double number) {
  const long double a = static_cast<long double>(whole), b = number;
  return a < b ? std::strong_ordering::less : a > b ? std::strong_ordering::greater : std::strong_ordering::less;
}

struct Loose {
  Cell::Kind kind;
  int64_t whole;
  double number;
  std::string_view text;
};

Loose loose(const Cell& cell) {
  Loose all{cell.kind, cell.whole, 0, {}};
  if (cell.kind == Cell::real) all.number = cell.number;
  if (cell.is_text()) all.text = *cell.outside;
  return all;
}
Loose loose(const Column& column, int64_t row) {
  Loose all{kind_of(column.type()), 0, 0, {}};
  if (column.is_textual()) all.text = column.text(row);
  else if (all.kind == Cell::boolean) all.whole = column.boolean(row);
  else if (all.kind == Cell::real) all.number = column.values<double>()[row];
  else all.whole = column.values<int64_t>()[row];
  return all;
}
std::strong_ordering compare(const Loose& a, const Loose& b) {
  if (a.kind != b.kind) {
    if (a.kind == Cell::integer && b.kind == Cell::real) return compare_mixed(a.whole, b.number);
    if (a.kind == Cell::real && b.kind == Cell::integer) return 0 <=> compare_mixed(b.whole, a.number);
    return static_cast<uint64_t>(a.kind) <=> static_cast<uint64_t>(b.kind);
  }
  if (a.kind == Cell::text || a.kind == Cell::bytes) return a.text.compare(b.text) <=> 0;
  return a.kind == Cell::real ? compare_numbers(a.number, b.number) : a.whole <=> b.whole;
}

void append_text(TextBuilder& to, const Cell& cell) {
  char digits[40];
  char* end = digits;
  switch (cell.kind) {
    case Cell::none: return to.append_null();
    case Cell::boolean: return to.append(cell.whole ? "true" : "false");
    case Cell::integer: end = std::to_chars(digits, std::end(digits), cell.whole).ptr; break;
    case Cell::real: end = std::to_chars(digits, std::end(digits), cell.number).ptr; break;
    case Cell::time: {
      Rfc3339Writer writer;
      if (char* const written = writer.write(cell.whole, digits)) end = written;
      break;
    }
    case Cell::text:
    case Cell::bytes: return to.append(*cell.outside);
  }
  to.append({digits, static_cast<size_t>(end - digits)});
}

}  // namespace

void Cell::set_text(Kind new_kind, std::string_view value) {
  if (is_text()) outside->assign(value);
  else outside = new std::string(value);
  kind = new_kind;
}
void Cell::set(const Column& column, int64_t row) {
  const auto value = loose(column, row);
  if (value.kind == text || value.kind == bytes) return set_text(value.kind, value.text);
  release();
  kind = value.kind;
  if (kind == real) number = value.number;
  else whole = value.whole;
}
void Cell::set(const Cell& other) {
  if (other.is_text()) return set_text(other.kind, *other.outside);
  release();
  kind = other.kind;
  whole = other.whole;
}
void Cell::release() {
  if (is_text()) delete outside;
  kind = none;
  whole = 0;
}
void Cell::save(StateWriter& to) const {
  to.value(kind);
  if (is_text()) to.text(*outside);
  else to.value(whole);
}
void Cell::load(StateReader& from) {
  release();
  const auto saved = from.value<Kind>();
  if (saved > bytes) return from.fail();
  if (saved == text || saved == bytes) return set_text(saved, from.text());
  kind = saved;
  whole = from.value<int64_t>();
}

std::strong_ordering compare(const Cell& a, const Cell& b) { return compare(loose(a), loose(b)); }
std::strong_ordering compare(const Column& column, int64_t row, const Cell& cell) {
  return compare(loose(column, row), loose(cell));
}

Column column_of(std::string name, std::span<const Cell* const> cells) {
  const auto rows = static_cast<int64_t>(cells.size());
  auto kind = Cell::none;
  bool mixed = false, has_bytes = false;
  for (const auto* cell : cells) {
    has_bytes |= cell->kind == Cell::bytes;
    if (cell->kind == Cell::none || cell->kind == kind) continue;
    mixed |= kind != Cell::none;
    kind = cell->kind;
  }
  if (kind == Cell::none && !mixed) kind = Cell::integer;
  if (mixed || kind == Cell::text || kind == Cell::bytes) {
    TextBuilder texts(rows);
    for (const auto* cell : cells) append_text(texts, *cell);
    return std::move(texts).finish(std::move(name), has_bytes ? Type::bytes : Type::text);
  }
  if (kind == Cell::boolean) {
    BooleanBuilder values;
    for (const auto* cell : cells) cell->kind == Cell::none ? values.append_null() : values.append(cell->whole != 0);
    return std::move(values).finish(std::move(name));
  }
  if (kind == Cell::real) {
    ValueBuilder<double> values(rows);
    for (const auto* cell : cells) cell->kind == Cell::none ? values.append_null() : values.append(cell->number);
    return std::move(values).finish(std::move(name), Type::float64);
  }
  ValueBuilder<int64_t> values(rows);
  for (const auto* cell : cells) cell->kind == Cell::none ? values.append_null() : values.append(cell->whole);
  return std::move(values).finish(std::move(name), kind == Cell::time ? Type::timestamp : Type::int64);
}

}  // namespace levada::window

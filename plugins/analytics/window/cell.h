// A value of any type that is kept from a row: in two words, with text outside of them.
#pragma once

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "levada/batch.h"
#include "levada/saved_state.h"

namespace levada::window {

// Zero bytes are a cell without a value. Whoever holds it says release at its end.
struct Cell {
  enum Kind : uint64_t { none, boolean, integer, real, time, text, bytes };
  Kind kind;
  union {
    int64_t whole;
    double number;
    std::string* outside;
  };

  static bool can_hold(Type type) { return type != Type::opaque; }
  bool is_text() const { return kind == text || kind == bytes; }
  // Takes the value of a row, which is not null.
  void set(const Column& column, int64_t row);
  void set(const Cell& other);
  void release();
  size_t held_bytes() const { return is_text() ? sizeof(std::string) + outside->capacity() : 0; }
  void save(StateWriter& to) const;
  void load(StateReader& from);

 private:
  void set_text(Kind kind, std::string_view value);
};

// A total order: of values of one type their own, and any other between types. Whole numbers and
// those with a fraction are one type.
std::strong_ordering compare(const Cell& a, const Cell& b);
// The value of a row against a cell that has one.
std::strong_ordering compare(const Column& column, int64_t row, const Cell& cell);

// A column of cells: of their type where they have the same, of text where they differ.
Column column_of(std::string name, std::span<const Cell* const> cells);

}  // namespace levada::window

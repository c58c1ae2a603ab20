// What a window holds when it is given: its keys, each with the record of its aggregates.
#pragma once

#include <algorithm>
#include <span>

#include "layout.h"
#include "levada/key_table.h"

namespace levada::window {

class WindowTable {
 public:
  using Number = KeyTable::Number;

  virtual ~WindowTable() = default;
  // All numbers are below it. Some keys may have no rows.
  virtual size_t size() const = 0;
  virtual Key key(Number number) const = 0;
  virtual void keys(std::span<const Number> numbers, Key* to) const = 0;
  virtual void records(std::span<const Number> numbers, const char** to) const = 0;
  // Of the keys from `first` on, as many as there are up to `most`, those that have rows, with
  // their records. How many these are.
  virtual size_t with_rows(Number first, size_t most, Number* numbers, const char** records) const = 0;
  virtual const Aggregate::Shared* shared(size_t aggregate) const = 0;

 protected:
  // Of a table with for_each. Without a branch for each: which of them have rows nobody can guess.
  template <class Table>
  static size_t with_rows_of(const Table& table, const Layout& layout, Number first, size_t most, Number* numbers,
                             const char** records) {
    size_t count = 0;
    const auto each = [&](auto has_rows) {
      table.for_each(first, std::min(table.size(), first + most), [&](Number number, const char* record) {
        numbers[count] = number;
        records[count] = record;
        count += has_rows(record) ? 1 : 0;
      });
    };
    if (layout.counts_rows()) each([&](const char* record) { return layout.has_rows(record); });
    else each([](const char*) { return true; });
    return count;
  }
};

}  // namespace levada::window

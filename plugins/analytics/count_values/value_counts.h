// How often each value of a column came.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/column.h"
#include "levada/nested.h"

namespace levada::count_values {

class ValueCounts {
 public:
  // More than `most` values are not told apart, nor are those that are no UTF-8.
  void add(std::string_view value, int64_t count, int64_t most);
  void add_others(int64_t count) { others_ += count; }
  const std::map<std::string, int64_t, std::less<>>& values() const { return values_; }
  // Those that are not told apart.
  int64_t others() const { return others_; }

 private:
  std::map<std::string, int64_t, std::less<>> values_;
  int64_t others_ = 0;
};

// A column of a batch, as far as its values can be counted: of booleans, of text, of lists of text.
class CountedColumn {
 public:
  // Nothing where the column is of another type.
  static std::optional<CountedColumn> of(const Column& column);

  const std::string& name() const { return column_.name(); }
  // Counts the values of the rows first .. first + count - 1; of booleans those that are true.
  void count(int64_t first, int64_t count, int64_t most, ValueCounts& to);

 private:
  explicit CountedColumn(const Column& column) : column_(column) {}
  void count_texts(const Column& texts, int64_t first, int64_t count, int64_t most, ValueCounts& to);

  Column column_;
  std::optional<Nested> lists_;
  std::vector<int64_t> words_;  // Of a dictionary: how often each one came.
};

}  // namespace levada::count_values

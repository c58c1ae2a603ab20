// Columns that a user declares by name and type, and what of a text becomes their value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "levada/options.h"
#include "levada/result.h"
#include "text/text_value.h"

namespace levada {

enum class ValueType { text, bytes, int64, float64, boolean, timestamp };
std::string_view name_of(ValueType type);

struct DeclaredColumn {
  std::string name;
  ValueType type = ValueType::text;
  TimeUnit unit = TimeUnit::none;
  bool required = false;
};

// Which types may have a unit: times that are made of numbers; or numbers, too, that are made of
// times.
enum class UnitsOf { times, times_and_numbers };

// From `columns = { ip = "text", at = { type = "timestamp", unit = "ms", required = true } }`.
// `option` is the option's name, for errors.
Result<std::vector<DeclaredColumn>> read_declared_columns(const Tree& columns, const std::string& option,
                                                          UnitsOf units = UnitsOf::times);

}  // namespace levada

#include "text/declared_column.h"

#include <algorithm>
#include <iterator>

namespace levada {

namespace {

constexpr std::string_view kTypes[] = {"text", "bytes", "int64", "float64", "boolean", "timestamp"};
constexpr std::string_view kUnits[] = {"s", "ms", "us", "ns"};

template <size_t count>
size_t number_of(std::string_view name, const std::string_view (&names)[count]) {
  return static_cast<size_t>(std::find(std::begin(names), std::end(names), name) - std::begin(names));
}

Done read_type(const Tree& value, const std::string& option, DeclaredColumn& column) {
  const auto type = value.type() == LEVADA_STRING ? number_of(value.text(), kTypes) : std::size(kTypes);
  if (type == std::size(kTypes)) return wrong(option, "must be text, bytes, int64, float64, boolean or timestamp");
  column.type = static_cast<ValueType>(type);
  return {};
}

bool may_have_unit(ValueType type, UnitsOf units) {
  if (type == ValueType::timestamp) return true;
  return units == UnitsOf::times_and_numbers && (type == ValueType::int64 || type == ValueType::float64);
}

Done read_table(const Tree& entry, const std::string& option, UnitsOf units, DeclaredColumn& column) {
  bool has_type = false;
  for (size_t at = 0; at < entry.size(); ++at) {
    const auto setting = entry[at];
    const std::string path = option + "." + std::string(setting.key());
    if (setting.key() == "type") {
      LEVADA_TRY(read_type(setting, path, column));
      has_type = true;
    } else if (setting.key() == "unit") {
      const auto unit = setting.type() == LEVADA_STRING ? number_of(setting.text(), kUnits) : std::size(kUnits);
      if (unit == std::size(kUnits)) return wrong(path, "must be s, ms, us or ns");
      column.unit = static_cast<TimeUnit>(unit + 1);
    } else if (setting.key() == "required") {
      if (setting.type() != LEVADA_BOOLEAN) return wrong(path, "must be true or false");
      column.required = setting.integer() != 0;
    } else {
      return wrong(path, "is no setting of a column: type, unit, required");
    }
  }
  if (!has_type) return wrong(option, "type is missing");
  if (column.unit != TimeUnit::none && !may_have_unit(column.type, units))
    return wrong(option + ".unit", "a column of the type " + std::string(name_of(column.type)) + " has no unit");
  return {};
}

}  // namespace

std::string_view name_of(ValueType type) { return kTypes[static_cast<size_t>(type)]; }

Result<std::vector<DeclaredColumn>> read_declared_columns(const Tree& columns, const std::string& option,
                                                          UnitsOf units) {
  std::vector<DeclaredColumn> all;
  for (size_t at = 0; at < columns.size(); ++at) {
    const auto entry = columns[at];
    DeclaredColumn column;
    column.name = entry.key();
    const std::string path = option + "." + column.name;
    if (entry.type() == LEVADA_STRING) {
      LEVADA_TRY(read_type(entry, path, column));
    } else if (entry.type() == LEVADA_TREE || entry.type() == LEVADA_TABLE) {
      LEVADA_TRY(read_table(entry, path, units, column));
    } else {
      return wrong(path, "a column is its type, \"int64\", or a table: { type = \"timestamp\", unit = \"ms\" }");
    }
    all.push_back(std::move(column));
  }
  return all;
}

}  // namespace levada

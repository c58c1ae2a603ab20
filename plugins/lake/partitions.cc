// Each column in turn splits the groups of those before it.
#include "lake/partitions.h"

#include <arrow/array.h>
#include <arrow/util/decimal.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <utility>

#include "lake/partitioned_writer.h"
#include "levada/row_keys.h"
#include "levada/time.h"

namespace levada::lake {
namespace {

// A day as "2026-01-31", in years of four digits.
std::string day_text(int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

// "2026-01-31 12:00:00.25": a fraction has no zeros at its end.
std::string time_text(int64_t value, TimeUnit unit) {
  constexpr std::array<int64_t, 4> kUnits = {1, 1'000, 1'000'000, 1'000'000'000};
  constexpr std::array<int, 4> kDigits = {0, 3, 6, 9};
  const auto at = static_cast<size_t>(unit);
  const bool is_between = value % kUnits[at] < 0;
  const auto seconds = value / kUnits[at] - (is_between ? 1 : 0);
  const auto fraction = value % kUnits[at] + (is_between ? kUnits[at] : 0);
  const auto days = seconds / 86'400 - (seconds % 86'400 < 0 ? 1 : 0);
  const auto second = static_cast<int>(seconds - days * 86'400);
  char text[32];
  std::snprintf(text, sizeof text, " %02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60);
  auto all = day_text(days) + text;
  if (fraction == 0) return all;
  std::snprintf(text, sizeof text, ".%0*lld", kDigits[at], static_cast<long long>(fraction));
  all += text;
  while (all.back() == '0') all.pop_back();
  return all;
}

std::string value_text(const arrow::Array& array, int64_t row, const FieldType& type) {
  switch (type.kind) {
    case Kind::boolean: return static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
    case Kind::int8: return std::to_string(static_cast<const arrow::Int8Array&>(array).Value(row));
    case Kind::int16: return std::to_string(static_cast<const arrow::Int16Array&>(array).Value(row));
    case Kind::int32: return std::to_string(static_cast<const arrow::Int32Array&>(array).Value(row));
    case Kind::int64: return std::to_string(static_cast<const arrow::Int64Array&>(array).Value(row));
    case Kind::date: return day_text(static_cast<const arrow::Date32Array&>(array).Value(row));
    case Kind::timestamp: return time_text(static_cast<const arrow::TimestampArray&>(array).Value(row), type.unit);
    case Kind::decimal: return static_cast<const arrow::Decimal128Array&>(array).FormatValue(row);
    default: return std::string(static_cast<const arrow::StringViewArray&>(array).GetView(row));
  }
}

// The number of each pair of a group and a value: open addressing, as rows ask for little else.
template <class Value>
class Numbers {
 public:
  // Below 0 where the pair is new: the caller gives it one.
  int32_t& of(int32_t group, const Value& value) {
    if (2 * used_ >= slots_.size()) grow();
    auto& slot = slots_[place(group, value)];
    if (slot.group < 0) {
      slot = {value, group, -1};
      ++used_;
    }
    return slot.number;
  }

 private:
  struct Slot {
    Value value{};
    int32_t group = -1, number = -1;
  };

  size_t place(int32_t group, const Value& value) const {
    const auto hash = RowKeys::hash({Key::kText, bytes_of(value)}) ^ uint64_t { 0x9e3779b97f4a7c15u } * (group + 1u);
    auto at = hash & (slots_.size() - 1);
    while (slots_[at].group >= 0 && (slots_[at].group != group || slots_[at].value != value))
      at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  static std::string_view bytes_of(const uint64_t& value) {
    return {reinterpret_cast<const char*>(&value), sizeof value};
  }
  static std::string_view bytes_of(std::string_view value) { return value; }
  void grow() {
    const auto before = std::exchange(slots_, std::vector<Slot>(4 * slots_.size()));
    for (const auto& slot : before)
      if (slot.group >= 0) slots_[place(slot.group, slot.value)] = slot;
  }

  std::vector<Slot> slots_ = std::vector<Slot>(256);
  size_t used_ = 0;
};

class Splitter {
 public:
  // A column that lies in several arrays, one behind the other.
  Splitter(const arrow::ArrayVector& column, const FieldType& type, Groups& groups)
      : column_(column), type_(type), groups_(groups), before_(std::move(groups.values)), of_null_(before_.size(), -1) {
    groups_.values.clear();
  }

  void run() {
    switch (type_.kind) {
      case Kind::boolean:
        return split<uint64_t>([](const arrow::Array& array) {
          return [&values = static_cast<const arrow::BooleanArray&>(array)](int64_t row) {
            return uint64_t{values.Value(row)};
          };
        });
      case Kind::int8: return split_numbers<int8_t>();
      case Kind::int16: return split_numbers<int16_t>();
      case Kind::int32:
      case Kind::date: return split_numbers<int32_t>();
      case Kind::int64:
      case Kind::timestamp: return split_numbers<int64_t>();
      case Kind::decimal:
        return split<std::string_view>([](const arrow::Array& array) {
          return [&values = static_cast<const arrow::Decimal128Array&>(array)](int64_t row) {
            return std::string_view(reinterpret_cast<const char*>(values.GetValue(row)), 16);
          };
        });
      default:
        return split<std::string_view>([](const arrow::Array& array) {
          return [&values = static_cast<const arrow::StringViewArray&>(array)](int64_t row) {
            return values.GetView(row);
          };
        });
    }
  }

 private:
  template <class Number>
  void split_numbers() {
    split<uint64_t>([](const arrow::Array& array) {
      return [numbers = array.data()->GetValues<Number>(1)](int64_t row) {
        return static_cast<uint64_t>(int64_t{numbers[row]});
      };
    });
  }

  // `values_of` an array gives what gives the value of a row.
  template <class Value, class ValuesOf>
  void split(ValuesOf values_of) {
    Numbers<Value> numbers;
    // Rows of one partition often come together.
    std::pair<int32_t, Value> last{-1, Value()};
    int32_t number_of_last = -1;
    auto* group = groups_.of_row.data();
    for (const auto& array : column_) {
      const auto value_of = values_of(*array);
      const bool has_nulls = array->null_count() > 0;
      for (int64_t row = 0; row < array->length(); ++row, ++group) {
        const bool is_null = has_nulls && array->IsNull(row);
        const std::pair<int32_t, Value> pair{*group, is_null ? Value() : value_of(row)};
        if (is_null || is_empty(pair.second)) {
          *group = null_group(pair.first);
          continue;
        }
        if (pair != last) {
          auto& number = numbers.of(pair.first, pair.second);
          if (number < 0) number = add(pair.first, value_text(*array, row, type_));
          last = pair;
          number_of_last = number;
        }
        *group = number_of_last;
      }
    }
  }
  static bool is_empty(uint64_t) { return false; }
  static bool is_empty(std::string_view text) { return text.empty(); }

  int32_t null_group(int32_t before) {
    auto& number = of_null_[static_cast<size_t>(before)];
    if (number < 0) number = add(before, std::nullopt);
    return number;
  }
  int32_t add(int32_t before, std::optional<std::string> value) {
    groups_.values.push_back(before_[static_cast<size_t>(before)]);
    groups_.values.back().push_back(std::move(value));
    return static_cast<int32_t>(groups_.values.size() - 1);
  }

  const arrow::ArrayVector& column_;
  const FieldType& type_;
  Groups& groups_;
  const std::vector<PartitionValues> before_;
  std::vector<int32_t> of_null_;
};

// Those that Hive and Spark escape, and the space, which URLs have escaped.
bool is_escaped(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f || std::string_view("\"#%'*/:=?\\{[]^").find(c) != std::string_view::npos;
}

void append_escaped_part(std::string& to, std::string_view text) {
  for (const char c : text) {
    if (!is_escaped(c)) {
      to += c;
      continue;
    }
    char code[4];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    to += code;
  }
}

}  // namespace

bool can_partition(const FieldType& type) {
  switch (type.kind) {
    case Kind::float32:
    case Kind::float64:
    case Kind::bytes: return false;
    default: return !type.is_nested();
  }
}

void group(int64_t rows, const std::vector<arrow::ArrayVector>& columns, const std::vector<FieldType>& types,
           Groups& to) {
  to.of_row.assign(static_cast<size_t>(rows), 0);
  to.values.assign(1, {});
  for (size_t at = 0; at < columns.size(); ++at) Splitter(columns[at], types[at], to).run();
}

std::string partition_folder(const std::vector<std::string>& columns,
                             const std::vector<std::optional<std::string>>& values) {
  std::string folder;
  for (size_t at = 0; at < columns.size(); ++at) {
    append_escaped_part(folder, columns[at]);
    folder += '=';
    if (values[at]) append_escaped_part(folder, *values[at]);
    else folder += "__HIVE_DEFAULT_PARTITION__";
    folder += '/';
  }
  return folder;
}

}  // namespace levada::lake

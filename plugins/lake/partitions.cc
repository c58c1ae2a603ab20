// Each column in turn splits the groups of those before it.
#include "lake/partitions.h"

#include <arrow/array.h>
#include <arrow/util/decimal.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <unordered_map>

#include "lake/partitioned_writer.h"
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

struct PairHash {
  template <class Key>
  size_t operator()(const std::pair<int32_t, Key>& pair) const {
    const auto hash = std::hash<Key>()(pair.second) * 0x9e3779b97f4a7c15u;
    return (hash ^ hash >> 32) + static_cast<size_t>(pair.first) * 0xff51afd7ed558ccdu;
  }
};

class Splitter {
 public:
  Splitter(const arrow::Array& array, const FieldType& type, Groups& groups)
      : array_(array), type_(type), groups_(groups), before_(std::move(groups.values)) {
    groups_.values.clear();
  }

  void run() {
    switch (type_.kind) {
      case Kind::boolean:
        return split<uint64_t>([&](int64_t row) {
          return static_cast<uint64_t>(static_cast<const arrow::BooleanArray&>(array_).Value(row));
        });
      case Kind::int8: return split_numbers<int8_t>();
      case Kind::int16: return split_numbers<int16_t>();
      case Kind::int32:
      case Kind::date: return split_numbers<int32_t>();
      case Kind::int64:
      case Kind::timestamp: return split_numbers<int64_t>();
      case Kind::decimal:
        return split<std::string_view>([&](int64_t row) {
          const auto& decimals = static_cast<const arrow::Decimal128Array&>(array_);
          return std::string_view(reinterpret_cast<const char*>(decimals.GetValue(row)), 16);
        });
      default:
        return split<std::string_view>(
            [&](int64_t row) { return static_cast<const arrow::StringViewArray&>(array_).GetView(row); });
    }
  }

 private:
  template <class Number>
  void split_numbers() {
    split<uint64_t>([numbers = array_.data()->GetValues<Number>(1)](int64_t row) {
      return static_cast<uint64_t>(int64_t{numbers[row]});
    });
  }

  template <class Key, class KeyOf>
  void split(KeyOf key_of) {
    std::unordered_map<std::pair<int32_t, Key>, int32_t, PairHash> known;
    std::vector<int32_t> of_null(before_.size(), -1);
    const bool has_nulls = array_.null_count() > 0;
    // Rows of one partition often come together.
    std::pair<int32_t, Key> last{-1, Key()};
    int32_t number_of_last = -1;
    for (int64_t row = 0; row < array_.length(); ++row) {
      auto& group = groups_.of_row[static_cast<size_t>(row)];
      if (has_nulls && array_.IsNull(row)) {
        group = null_group(of_null, group);
        continue;
      }
      const std::pair<int32_t, Key> key{group, key_of(row)};
      if constexpr (std::is_same_v<Key, std::string_view>) {
        if (key.second.empty()) {
          group = null_group(of_null, group);
          continue;
        }
      }
      if (number_of_last < 0 || key != last) {
        const auto [found, fresh] = known.try_emplace(key, static_cast<int32_t>(groups_.values.size()));
        if (fresh) add(key.first, value_text(array_, row, type_));
        last = key;
        number_of_last = found->second;
      }
      group = number_of_last;
    }
  }

  int32_t null_group(std::vector<int32_t>& of_null, int32_t before) {
    auto& number = of_null[static_cast<size_t>(before)];
    if (number < 0) {
      number = static_cast<int32_t>(groups_.values.size());
      add(before, std::nullopt);
    }
    return number;
  }
  void add(int32_t before, std::optional<std::string> value) {
    groups_.values.push_back(before_[static_cast<size_t>(before)]);
    groups_.values.back().push_back(std::move(value));
  }

  const arrow::Array& array_;
  const FieldType& type_;
  Groups& groups_;
  const std::vector<PartitionValues> before_;
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

Groups group(int64_t rows, const arrow::ArrayVector& columns, const std::vector<FieldType>& types) {
  Groups groups;
  groups.of_row.resize(static_cast<size_t>(rows));
  groups.values.emplace_back();
  for (size_t at = 0; at < columns.size(); ++at) Splitter(*columns[at], types[at], groups).run();
  return groups;
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

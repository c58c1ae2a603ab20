// What the footer of a file says of its columns, added up over the row groups.
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

#include <map>
#include <utility>

#include "lake/parquet_file.h"

namespace levada::lake {
namespace {

constexpr size_t kLongestBound = 64;

using Value = std::variant<bool, int64_t, double, std::string, arrow::Decimal128>;

std::string as_text(const parquet::ByteArray& bytes) { return {reinterpret_cast<const char*>(bytes.ptr), bytes.len}; }

template <class Type>
std::pair<Value, Value> bounds_of(const parquet::Statistics& statistics, const FieldType& type) {
  const auto& typed = static_cast<const parquet::TypedStatistics<Type>&>(statistics);
  const auto value = [&](const auto& from) -> Value {
    using From = std::remove_cvref_t<decltype(from)>;
    if constexpr (std::is_same_v<From, bool>) return from;
    else if constexpr (std::is_integral_v<From>) return int64_t{from};
    else if constexpr (std::is_floating_point_v<From>) return double{from};
    else if constexpr (std::is_same_v<From, parquet::ByteArray>) return as_text(from);
    else {
      const auto width = arrow::DecimalType::DecimalSize(type.precision);
      return arrow::Decimal128::FromBigEndian(from.ptr, width).ValueOr(arrow::Decimal128());
    }
  };
  return {value(typed.min()), value(typed.max())};
}

std::optional<std::pair<Value, Value>> bounds_of(const parquet::Statistics& statistics, const FieldType& type) {
  if (!statistics.HasMinMax()) return std::nullopt;
  switch (statistics.physical_type()) {
    case parquet::Type::BOOLEAN: return bounds_of<parquet::BooleanType>(statistics, type);
    case parquet::Type::INT32: return bounds_of<parquet::Int32Type>(statistics, type);
    case parquet::Type::INT64: return bounds_of<parquet::Int64Type>(statistics, type);
    case parquet::Type::FLOAT: return bounds_of<parquet::FloatType>(statistics, type);
    case parquet::Type::DOUBLE: return bounds_of<parquet::DoubleType>(statistics, type);
    case parquet::Type::BYTE_ARRAY: return bounds_of<parquet::ByteArrayType>(statistics, type);
    case parquet::Type::FIXED_LEN_BYTE_ARRAY:
      if (type.kind == Kind::decimal) return bounds_of<parquet::FLBAType>(statistics, type);
      break;
    default: break;
  }
  return std::nullopt;
}

struct Summed {
  int64_t nulls = 0;
  std::optional<Value> min, max;
  bool complete = true;  // No row group has values and does not say their bounds.
};

void add(const parquet::ColumnChunkMetaData& chunk, const FieldType& type, Summed& to) {
  const auto statistics = chunk.statistics();
  if (!statistics || !statistics->HasNullCount()) {
    to.complete = false;
    return;
  }
  to.nulls += statistics->null_count();
  if (statistics->null_count() == chunk.num_values()) return;
  const auto bounds = bounds_of(*statistics, type);
  if (!bounds) {
    to.complete = false;
    return;
  }
  if (!to.min || bounds->first < *to.min) to.min = bounds->first;
  if (!to.max || *to.max < bounds->second) to.max = bounds->second;
}

// Not within a character of UTF-8.
bool truncate(std::string& text) {
  if (text.size() <= kLongestBound) return false;
  size_t end = kLongestBound;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return true;
}

std::optional<Bound> bound_of(const std::optional<Value>& value, const FieldType& type, bool& truncated) {
  if (!value) return std::nullopt;
  if (const auto* decimal = std::get_if<arrow::Decimal128>(&*value)) return decimal->ToString(type.scale);
  if (const auto* text = std::get_if<std::string>(&*value)) {
    auto cut = *text;
    truncated = truncate(cut);
    return cut;
  }
  if (const auto* number = std::get_if<int64_t>(&*value)) {
    // Parquet has no seconds.
    const bool seconds = type.kind == Kind::timestamp && type.unit == TimeUnit::seconds;
    return seconds ? *number / 1000 : *number;
  }
  if (const auto* number = std::get_if<double>(&*value)) return *number;
  return std::get<bool>(*value);
}

}  // namespace

std::vector<ColumnStatistics> statistics_of(const parquet::FileMetaData& footer, const LakeSchema& schema) {
  // Nested columns have several leaves, and no bounds here.
  std::map<std::string, int> leaves;
  for (int at = 0; at < footer.num_columns(); ++at)
    leaves.emplace(footer.schema()->Column(at)->path()->ToDotVector()[0], at);
  std::vector<ColumnStatistics> all;
  for (const auto& field : schema.fields()) {
    ColumnStatistics column;
    column.column = field.name;
    column.type = field.type;
    const auto leaf = leaves.find(field.name);
    if (!field.type.is_nested() && leaf != leaves.end()) {
      Summed summed;
      for (int group = 0; group < footer.num_row_groups(); ++group) {
        const auto rows = footer.RowGroup(group);
        if (rows->num_rows() > 0) add(*rows->ColumnChunk(leaf->second), field.type, summed);
      }
      column.nulls = summed.nulls;
      if (summed.complete) {
        column.min = bound_of(summed.min, field.type, column.min_truncated);
        column.max = bound_of(summed.max, field.type, column.max_truncated);
      }
    }
    all.push_back(std::move(column));
  }
  return all;
}

}  // namespace levada::lake

// A column's different values are counted in a sample of rows that are spread over the batch; what
// compression does to differences is seen in rows that stand together.
#include "lake/encodings.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <parquet/encoding.h>

#include <algorithm>
#include <functional>
#include <string>

#include "lake/arrow_types.h"
#include "lake/memory.h"

namespace levada::lake {
namespace {

constexpr int64_t kSample = 2048;
// As many as most pages have by their bytes: each page that is compressed has a price of its own.
constexpr int64_t kRowsOfPage = 128 * 1024;

arrow::Compression::type codec_of(Compression compression) {
  switch (compression) {
    case Compression::none: return arrow::Compression::UNCOMPRESSED;
    case Compression::snappy: return arrow::Compression::SNAPPY;
    case Compression::gzip: return arrow::Compression::GZIP;
    case Compression::zstd: break;
  }
  return arrow::Compression::ZSTD;
}

std::optional<int> level_of(const WriterSettings& settings) {
  if (settings.compression_level) return settings.compression_level;
  if (settings.compression == Compression::zstd) return 1;
  return std::nullopt;
}

struct Sampled {
  int64_t rows = 0, distinct = 0;
  uint64_t range = 0;  // Of integers: from the least to the greatest.
};

void count_distinct(std::vector<uint64_t>& values, Sampled& to) {
  to.rows = static_cast<int64_t>(values.size());
  std::sort(values.begin(), values.end());
  to.distinct = std::unique(values.begin(), values.end()) - values.begin();
}

template <class Number>
Sampled look_at_numbers(const arrow::Array& array, int64_t step) {
  Sampled sampled;
  std::vector<uint64_t> values;
  const auto* numbers = array.data()->GetValues<Number>(1);
  for (int64_t row = 0; row < array.length(); row += step)
    if (array.IsValid(row)) values.push_back(static_cast<uint64_t>(static_cast<int64_t>(numbers[row])));
  if (values.empty()) return sampled;
  const auto less = [](uint64_t one, uint64_t other) {
    return static_cast<int64_t>(one) < static_cast<int64_t>(other);
  };
  const auto [least, greatest] = std::minmax_element(values.begin(), values.end(), less);
  sampled.range = *greatest - *least;
  count_distinct(values, sampled);
  return sampled;
}

template <class Texts>
Sampled look_at_text(const arrow::Array& array, int64_t step) {
  Sampled sampled;
  std::vector<uint64_t> values;
  const auto& texts = static_cast<const Texts&>(array);
  for (int64_t row = 0; row < array.length(); row += step)
    if (array.IsValid(row)) values.push_back(std::hash<std::string_view>()(texts.GetView(row)));
  count_distinct(values, sampled);
  return sampled;
}

ColumnEncoding choose_for_integers(const Sampled& sampled) {
  constexpr uint64_t kNarrow = 1 << 12;
  const bool few = sampled.distinct * 16 <= sampled.rows;
  return few && sampled.range > kNarrow ? ColumnEncoding::dictionary : ColumnEncoding::differences;
}

// `of_many`: of many different values.
ColumnEncoding choose_for_others(const Sampled& sampled, ColumnEncoding of_many) {
  constexpr int64_t kTooFewToTell = 64;
  const bool many = sampled.rows > kTooFewToTell && sampled.distinct * 2 > sampled.rows;
  return many ? of_many : ColumnEncoding::dictionary;
}

ColumnEncoding choose(const arrow::Array& array) {
  const int64_t step = std::max<int64_t>(1, array.length() / kSample);
  switch (array.type_id()) {
    case arrow::Type::INT8:
    case arrow::Type::INT16: return ColumnEncoding::differences;
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return choose_for_integers(look_at_numbers<int32_t>(array, step));
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP: return choose_for_integers(look_at_numbers<int64_t>(array, step));
    case arrow::Type::FLOAT: return choose_for_others(look_at_numbers<uint32_t>(array, step), ColumnEncoding::plain);
    case arrow::Type::DOUBLE: return choose_for_others(look_at_numbers<uint64_t>(array, step), ColumnEncoding::plain);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return choose_for_others(look_at_text<arrow::BinaryViewArray>(array, step), ColumnEncoding::lengths);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return choose_for_others(look_at_text<arrow::BinaryArray>(array, step), ColumnEncoding::lengths);
    default: return ColumnEncoding::dictionary;
  }
}

template <class Type, class Number>
std::shared_ptr<arrow::Buffer> differences_of(const arrow::Array& array, int64_t rows) {
  std::vector<typename Type::c_type> values;
  const auto* numbers = array.data()->GetValues<Number>(1);
  for (int64_t row = 0; row < rows; ++row)
    if (array.IsValid(row)) values.push_back(numbers[row]);
  const auto encoder =
      parquet::MakeTypedEncoder<Type>(parquet::Encoding::DELTA_BINARY_PACKED, false, nullptr, memory_pool());
  encoder->Put(values.data(), static_cast<int>(values.size()));
  return encoder->FlushValues();
}

std::shared_ptr<arrow::Buffer> differences_of(const arrow::Array& array, int64_t rows) {
  switch (array.type_id()) {
    case arrow::Type::INT8: return differences_of<parquet::Int32Type, int8_t>(array, rows);
    case arrow::Type::INT16: return differences_of<parquet::Int32Type, int16_t>(array, rows);
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return differences_of<parquet::Int32Type, int32_t>(array, rows);
    default: return differences_of<parquet::Int64Type, int64_t>(array, rows);
  }
}

// Whether compression makes differences a twentieth smaller, or more: it seldom finds something in
// them, and takes as long for them as for anything else.
bool pays_for_differences(const arrow::Array& array, const WriterSettings& settings) {
  constexpr int64_t kRows = 4096, kTooFewToTell = 1024;
  const auto rows = std::min(array.length(), kRows);
  if (rows - array.Slice(0, rows)->null_count() < kTooFewToTell) return true;
  const auto made = arrow::util::Codec::Create(codec_of(settings.compression),
                                               level_of(settings).value_or(arrow::util::kUseDefaultCompressionLevel));
  if (!made.ok() || !*made) return true;
  const auto& codec = *made;
  const auto bytes = differences_of(array, rows);
  std::vector<uint8_t> to(static_cast<size_t>(codec->MaxCompressedLen(bytes->size(), bytes->data())));
  const auto size = codec->Compress(bytes->size(), bytes->data(), static_cast<int64_t>(to.size()), to.data());
  return !size.ok() || *size * 20 <= bytes->size() * 19;
}

void choose(const arrow::Array& array, const std::string& path, const WriterSettings& settings,
            std::vector<LeafEncoding>& to) {
  if (array.type_id() == arrow::Type::STRUCT) {
    const auto& structs = static_cast<const arrow::StructArray&>(array);
    for (int at = 0; at < structs.num_fields(); ++at)
      choose(*structs.field(at), path + "." + structs.type()->field(at)->name(), settings, to);
  } else if (array.type_id() == arrow::Type::LIST) {
    choose(*static_cast<const arrow::ListArray&>(array).values(), path + ".list." + kItem, settings, to);
  } else {
    const auto encoding = choose(array);
    to.push_back({path, encoding, encoding != ColumnEncoding::differences || pays_for_differences(array, settings)});
  }
}

}  // namespace

std::vector<LeafEncoding> choose_encodings(const arrow::RecordBatch& sample, const WriterSettings& settings) {
  std::vector<LeafEncoding> all;
  for (int at = 0; at < sample.num_columns(); ++at)
    choose(*sample.column(at), sample.schema()->field(at)->name(), settings, all);
  return all;
}

std::shared_ptr<parquet::WriterProperties> properties_of(const WriterSettings& settings,
                                                         const std::vector<LeafEncoding>& encodings,
                                                         arrow::MemoryPool* pool) {
  parquet::WriterProperties::Builder builder;
  builder.memory_pool(pool)
      ->created_by("levada")
      ->compression(codec_of(settings.compression))
      ->max_row_group_length(settings.row_group_rows)
      ->data_pagesize(settings.partition_by.empty() ? int64_t{1} << 20 : int64_t{256} << 10)
      ->dictionary_pagesize_limit(int64_t{512} * 1024)
      ->max_rows_per_page(kRowsOfPage)
      ->write_batch_size(4096);
  if (const auto level = level_of(settings)) builder.compression_level(*level);
  for (const auto& [path, encoding, is_compressed] : encodings) {
    if (!is_compressed) {
      builder.compression(path, arrow::Compression::UNCOMPRESSED);
      builder.compression_level(path, arrow::util::kUseDefaultCompressionLevel);
    }
    if (encoding != ColumnEncoding::dictionary) builder.disable_dictionary(path);
    if (encoding == ColumnEncoding::differences) builder.encoding(path, parquet::Encoding::DELTA_BINARY_PACKED);
    if (encoding == ColumnEncoding::lengths) builder.encoding(path, parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY);
  }
  return builder.build();
}

Done check_compression(const WriterSettings& settings) {
  if (!settings.compression_level) return {};
  const auto codec = codec_of(settings.compression);
  if (!arrow::util::Codec::SupportsCompressionLevel(codec))
    return wrong("compression_level", "has no effect with this compression");
  const auto least = arrow::util::Codec::MinimumCompressionLevel(codec);
  const auto most = arrow::util::Codec::MaximumCompressionLevel(codec);
  if (least.ok() && most.ok() && (*settings.compression_level < *least || *settings.compression_level > *most))
    return wrong("compression_level",
                 "must be " + std::to_string(*least) + " to " + std::to_string(*most) + " with this compression");
  return {};
}

}  // namespace levada::lake

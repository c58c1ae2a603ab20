// What is chosen for columns is what makes them small.
#include "lake/encodings.h"

#include <arrow/array.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace levada::lake {
namespace {

LeafEncoding chosen(int64_t rows, const std::function<int64_t(int64_t)>& value_of, WriterSettings settings = {}) {
  arrow::Int64Builder builder;
  for (int64_t row = 0; row < rows; ++row) EXPECT_TRUE(builder.Append(value_of(row)).ok());
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  return choose_encodings(*arrow::RecordBatch::Make(schema, rows, {*builder.Finish()}), settings)[0];
}

std::function<int64_t(int64_t)> noise() {
  return [random = std::mt19937_64(1)](int64_t) mutable { return static_cast<int64_t>(random() % 1'000'000); };
}

TEST(Encodings, differences_without_order_are_not_compressed) {
  const auto encoding = chosen(10'000, noise());
  EXPECT_EQ(encoding.encoding, ColumnEncoding::differences);
  EXPECT_FALSE(encoding.is_compressed);
  EXPECT_FALSE(chosen(10'000, noise(), {.compression = Compression::snappy}).is_compressed);
}

TEST(Encodings, differences_that_repeat_are_compressed) {
  const auto encoding = chosen(10'000, [](int64_t row) { return row / 128 * 1'000'000 + row * 7919 % 128; });
  EXPECT_EQ(encoding.encoding, ColumnEncoding::differences);
  EXPECT_TRUE(encoding.is_compressed);
}

TEST(Encodings, few_rows_do_not_tell_and_are_compressed) { EXPECT_TRUE(chosen(1'000, noise()).is_compressed); }

TEST(Encodings, what_has_a_dictionary_is_compressed) {
  const auto encoding = chosen(10'000, [](int64_t row) { return row % 5 * 1'000'000; });
  EXPECT_EQ(encoding.encoding, ColumnEncoding::dictionary);
  EXPECT_TRUE(encoding.is_compressed);
}

TEST(Encodings, a_level_of_the_others_is_none_of_columns_that_are_not_compressed) {
  WriterSettings settings;
  settings.compression_level = 3;
  const auto properties =
      properties_of(settings, {{"a", ColumnEncoding::differences, false}, {"b", ColumnEncoding::plain, true}},
                    arrow::default_memory_pool());
  const auto path = [](const char* name) { return parquet::schema::ColumnPath::FromDotString(name); };
  EXPECT_EQ(properties->compression(path("a")), arrow::Compression::UNCOMPRESSED);
  EXPECT_EQ(properties->compression(path("b")), arrow::Compression::ZSTD);
  EXPECT_EQ(properties->compression_level(path("b")), 3);
}

}  // namespace
}  // namespace levada::lake

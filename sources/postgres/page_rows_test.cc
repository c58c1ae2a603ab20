// Columns out of a result in binary form.
#include "page_rows.h"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <optional>

#include "postgres/connection.h"
#include "postgres/types.h"

namespace levada::postgres_source {
namespace {

using namespace postgres;
using namespace std::string_literals;

Column column_of(Oid type, const std::vector<std::optional<std::string>>& values) {
  const Answer result(PQmakeEmptyPGresult(nullptr, PGRES_TUPLES_OK));
  char name[] = "c";
  PGresAttDesc described{name, 0, 0, 1, type, 0, 0};
  PQsetResultAttrs(result.get(), 1, &described);
  for (int row = 0; row < static_cast<int>(values.size()); ++row) {
    const auto& value = values[static_cast<size_t>(row)];
    PQsetvalue(result.get(), row, 0, value ? const_cast<char*>(value->data()) : nullptr,
               value ? static_cast<int>(value->size()) : -1);
  }
  size_t bytes = 0;
  const auto batch = rows_of(*result, {{"c", type}}, bytes);
  EXPECT_EQ(batch.rows(), static_cast<int64_t>(values.size()));
  return *batch.find("c");
}

TEST(PageRows, numbers_of_any_width_are_64_bits_and_null_stays_null) {
  const auto small = column_of(kInt2, {"\xff\xfe"s, std::nullopt});
  EXPECT_EQ(small.type(), Type::int64);
  EXPECT_EQ(small.values<int64_t>()[0], -2);
  EXPECT_TRUE(small.null(1));
  EXPECT_EQ(column_of(kInt4, {"\x80\0\0\0"s}).values<int64_t>()[0], std::numeric_limits<int32_t>::min());
  EXPECT_EQ(column_of(kOid, {"\xff\xff\xff\xff"s}).values<int64_t>()[0], std::numeric_limits<uint32_t>::max());
  EXPECT_EQ(column_of(kInt8, {"\0\0\0\0\0\0\0\x07"s}).values<int64_t>()[0], 7);
  EXPECT_EQ(column_of(kFloat4, {"\x3f\x00\0\0"s}).values<double>()[0], 0.5);
  EXPECT_EQ(column_of(kFloat8, {"\x3f\xe0\0\0\0\0\0\0"s}).values<double>()[0], 0.5);
}

TEST(PageRows, booleans_texts_and_bytes_are_what_they_are) {
  const auto booleans = column_of(kBoolean, {"\1"s, "\0"s, std::nullopt});
  EXPECT_TRUE(booleans.boolean(0));
  EXPECT_FALSE(booleans.boolean(1));
  EXPECT_TRUE(booleans.null(2));
  const auto texts = column_of(kText, {"a text of more than twelve bytes", "", std::nullopt});
  EXPECT_EQ(texts.type(), Type::text);
  EXPECT_EQ(texts.text(0), "a text of more than twelve bytes");
  EXPECT_FALSE(texts.null(1));
  EXPECT_TRUE(texts.null(2));
  EXPECT_EQ(column_of(kBytes, {"\0\xff"s}).text(0), "\0\xff"s);
  EXPECT_EQ(column_of(kBytes, {}).type(), Type::bytes);
}

TEST(PageRows, times_count_from_1970_and_infinity_is_the_last_of_them) {
  const auto times =
      column_of(kTimestampTz, {"\0\0\0\0\0\0\0\1"s, "\x7f\xff\xff\xff\xff\xff\xff\xff"s, "\x80\0\0\0\0\0\0\0"s});
  EXPECT_EQ(times.type(), Type::timestamp);
  EXPECT_EQ(times.values<int64_t>()[0], 946'684'800'000'001);
  EXPECT_EQ(times.values<int64_t>()[1], std::numeric_limits<int64_t>::max());
  EXPECT_EQ(times.values<int64_t>()[2], std::numeric_limits<int64_t>::min());
}

}  // namespace
}  // namespace levada::postgres_source

// What COPY is given of rows of all types, and which rows are left out with which reason.
#include <gtest/gtest.h>

#include <limits>

#include "column_encoder.h"
#include "decimal_column.h"
#include "levada/testkit/batches.h"
#include "postgres/types.h"

namespace levada::postgres_sink {
namespace {

using namespace postgres;
using Texts = std::vector<std::string>;

// The fields of a column, one text of hexadecimal digits for each row; or the reason.
Texts fields(const Column& column, Oid type, const std::string& type_text = "its type") {
  const TableColumn target{"c", type, type_text, false, false};
  const auto rows = static_cast<size_t>(column.rows());
  Misfits misfits;
  misfits.reset(column.rows());
  ColumnEncoder encoder;
  encoder.bind(column, target, misfits);
  std::vector<size_t> sizes(rows, 0);
  encoder.add_sizes(sizes);
  size_t all = 0;
  for (const auto size : sizes) all += size;
  std::string bytes(all, '\0');
  std::vector<char*> cursors;
  size_t at = 0;
  for (const auto size : sizes) {
    cursors.push_back(bytes.data() + at);
    at += size;
  }
  const auto starts = cursors;
  encoder.write(0, column.rows(), cursors.data());
  Texts found;
  for (size_t row = 0; row < rows; ++row) {
    EXPECT_EQ(cursors[row] - starts[row], static_cast<std::ptrdiff_t>(sizes[row]));
    std::string digits;
    for (size_t byte = 0; byte < sizes[row]; ++byte) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(starts[row][byte]));
      digits += two;
    }
    found.push_back(digits);
  }
  for (const auto& misfit : misfits.all()) found[static_cast<size_t>(misfit.row)] = misfit.reason;
  return found;
}

std::optional<std::string> null() { return std::nullopt; }

TEST(ColumnEncoder, numbers_are_as_wide_as_the_column_and_null_is_no_value) {
  const auto numbers = testkit::value_column<int64_t>("c", Type::int64, {7, std::nullopt, -2});
  EXPECT_EQ(fields(numbers, kInt2), Texts({"000000020007", "ffffffff", "00000002fffe"}));
  EXPECT_EQ(fields(numbers, kInt4), Texts({"0000000400000007", "ffffffff", "00000004fffffffe"}));
  EXPECT_EQ(fields(numbers, kInt8), Texts({"000000080000000000000007", "ffffffff", "00000008fffffffffffffffe"}));
  EXPECT_EQ(fields(numbers, kFloat8), Texts({"00000008401c000000000000", "ffffffff", "00000008c000000000000000"}));
  EXPECT_EQ(fields(numbers, kText), Texts({"0000000137", "ffffffff", "000000022d32"}));
  EXPECT_EQ(fields(numbers, kJsonb), Texts({"000000020137", "ffffffff", "00000003012d32"}));
}

TEST(ColumnEncoder, a_number_that_does_not_fit_is_named) {
  const auto numbers = testkit::value_column<int64_t>("c", Type::int64, {32'767, 32'768});
  EXPECT_EQ(fields(numbers, kInt2, "smallint"),
            Texts({"000000027fff", "column \"c\": \"32768\" does not fit smallint"}));
  const auto floats = testkit::value_column<double>("c", Type::float64, {2.0, 2.5, 1e300, std::nan("")});
  EXPECT_EQ(fields(floats, kInt4, "integer"),
            Texts({"0000000400000002", "column \"c\": \"2.5\" does not fit integer",
                   "column \"c\": \"1e+300\" does not fit integer", "column \"c\": \"NaN\" does not fit integer"}));
  EXPECT_EQ(fields(floats, kFloat4, "real")[2], "column \"c\": \"1e+300\" does not fit real");
}

TEST(ColumnEncoder, texts_are_read_where_the_column_is_none) {
  const auto texts = testkit::text_column("c", {"12", "x", null(), "3e2"});
  EXPECT_EQ(fields(texts, kInt4, "integer"),
            Texts({"000000040000000c", "column \"c\": \"x\" does not fit integer", "ffffffff", "000000040000012c"}));
  EXPECT_EQ(fields(testkit::text_column("c", {"true", "0", "?"}), kBoolean, "boolean"),
            Texts({"0000000101", "0000000100", "column \"c\": \"?\" does not fit boolean"}));
  EXPECT_EQ(fields(testkit::text_column("c", {"2000-01-02", "2000-01-01T00:00:01Z"}), kTimestampTz),
            Texts({"00000008000000141dd76000", "0000000800000000000f4240"}));
}

TEST(ColumnEncoder, text_is_utf_8_without_zero_bytes) {
  const auto texts = testkit::text_column("c", {"a", "\xff", std::string("a\0b", 3), ""}, Type::bytes);
  EXPECT_EQ(fields(texts, kText, "text"), Texts({"0000000161", "column \"c\": is not UTF-8",
                                                 "column \"c\": has a zero byte, which text cannot hold", "00000000"}));
  EXPECT_EQ(fields(texts, kBytes), Texts({"0000000161", "00000001ff", "00000003610062", "00000000"}));
}

TEST(ColumnEncoder, times_count_from_2000) {
  const auto times = testkit::value_column<int64_t>("c", Type::timestamp,
                                                    {946'684'800'000'001, -1, std::numeric_limits<int64_t>::min()});
  const auto found = fields(times, kTimestampTz, "timestamptz");
  EXPECT_EQ(found[0], "000000080000000000000001");
  EXPECT_EQ(found[2], "column \"c\": \"a time\" does not fit timestamptz");
  EXPECT_EQ(fields(times, kDate)[0], "0000000400000000");
  EXPECT_EQ(fields(times, kDate)[1], "00000004ffffd532");
}

TEST(ColumnEncoder, lists_are_json_and_booleans_no_numbers) {
  const auto lists = testkit::list_column("c", {{{1, 2}}, std::nullopt});
  EXPECT_EQ(fields(lists, kJsonb), Texts({"00000006015b312c325d", "ffffffff"}));
  EXPECT_EQ(fields(lists, kText), Texts({"000000055b312c325d", "ffffffff"}));
  EXPECT_EQ(fields(testkit::boolean_column("c", {true}), kInt4, "integer"),
            Texts({"column \"c\": boolean does not fit integer"}));
}

TEST(ColumnEncoder, a_slice_has_its_own_rows_only) {
  const auto numbers = testkit::value_column<int64_t>("c", Type::int64, {1, std::nullopt, 3, 4}).slice(1, 2);
  EXPECT_EQ(fields(numbers, kInt2), Texts({"ffffffff", "000000020003"}));
  const auto texts = testkit::text_column("c", {"a", "a text of more than twelve bytes", null()}).slice(1, 1);
  EXPECT_EQ(fields(texts, kText), Texts({"00000020612074657874206f66206d6f7265207468616e207477656c7665206279746573"}));
}

}  // namespace
}  // namespace levada::postgres_sink

// What becomes of values that are of another type than a lake's column, and why rows are rejected.
#include "lake/fit.h"

#include <arrow/array.h>
#include <arrow/c/bridge.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "levada/nested.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/fake_host.h"

namespace levada::lake {
namespace {

using Strings = std::vector<std::string>;
using testkit::text_column;
using testkit::value_column;

class FitTest : public testing::Test {
 protected:
  static LakeSchema schema(std::vector<std::pair<std::string, std::string>> columns) {
    return *LakeSchema::parse(columns);
  }
  // The values of the one column "x" that fit its type, and the reasons of those that do not.
  Strings fitted(Column column, const std::string& type) {
    Batch batch(column.rows());
    batch.set(std::move(column));
    return fitted(batch, schema({{"x", type}}), false);
  }
  Strings fitted(Batch& batch, const LakeSchema& schema, bool reject_unknown) {
    reasons_.clear();
    rows_ = nullptr;
    auto done = fit(schema, batch, reject_unknown);
    EXPECT_TRUE(done) << done.error().message;
    if (!done) return {};
    for (const auto& rejection : batch.rejections())
      reasons_.push_back(std::to_string(rejection.row) + " " + rejection.reason);
    rows_ = *done;
    Strings values;
    if (!rows_) return values;
    EXPECT_TRUE(rows_->ValidateFull().ok()) << rows_->ValidateFull().ToString();
    for (int64_t row = 0; row < rows_->num_rows(); ++row)
      values.push_back((*rows_->column(0)->GetScalar(row))->ToString());
    return values;
  }
  static Column integers(std::vector<std::optional<int64_t>> values) {
    return value_column<int64_t>("x", Type::int64, values);
  }
  static Column times(std::vector<std::optional<int64_t>> values) {
    return value_column<int64_t>("x", Type::timestamp, values);
  }
  static Column floats(std::vector<std::optional<double>> values) {
    return value_column<double>("x", Type::float64, values);
  }
  static Column text(std::vector<std::optional<std::string>> values) { return text_column("x", values); }

  testkit::FakeHost host_;
  Strings reasons_;
  std::shared_ptr<arrow::RecordBatch> rows_;
};

TEST_F(FitTest, integers_of_each_width) {
  EXPECT_EQ(fitted(integers({127, -128, {}, 128, -129}), "int8"), (Strings{"127", "-128", "null"}));
  EXPECT_EQ(reasons_, (Strings{"3 column \"x\": 128 (int64) does not fit int8",
                               "4 column \"x\": -129 (int64) does not fit int8"}));
  EXPECT_EQ(fitted(integers({32767, -32769}), "int16"), Strings{"32767"});
  EXPECT_EQ(fitted(integers({2147483648, -2147483648}), "int32"), Strings{"-2147483648"});
  EXPECT_EQ(fitted(integers({{}, 5}), "int64"), (Strings{"null", "5"}));
}

TEST_F(FitTest, integers_of_other_values) {
  EXPECT_EQ(fitted(floats({3.0, 3.5, -128.0, 128.0, NAN, INFINITY}), "int8"), (Strings{"3", "-128"}));
  EXPECT_EQ(reasons_[0], "1 column \"x\": 3.5 (float64) does not fit int8");
  EXPECT_EQ(fitted(floats({9223372036854775808.0, -9223372036854775808.0}), "int64"), Strings{"-9223372036854775808"});
  EXPECT_EQ(fitted(text({"12", " 12", "12x", "", {}, "-9223372036854775809"}), "int64"), (Strings{"12", "null"}));
  EXPECT_EQ(reasons_[1], "2 column \"x\": \"12x\" (text) does not fit int64");
  EXPECT_EQ(fitted(times({0}), "int64"), Strings());
  EXPECT_EQ(reasons_, Strings{"0 column \"x\": 1970-01-01T00:00:00.000000Z (timestamp) does not fit int64"});
}

TEST_F(FitTest, floats) {
  EXPECT_EQ(fitted(floats({0.1, 1e39, INFINITY, {}}), "float32"), (Strings{"0.1", "inf", "null"}));
  EXPECT_EQ(reasons_, Strings{"1 column \"x\": 1e+39 (float64) does not fit float32"});
  EXPECT_EQ(fitted(integers({16777216, 16777217}), "float32"), Strings{"16777216"});
  EXPECT_EQ(fitted(integers({9007199254740993, 9007199254740992, std::numeric_limits<int64_t>::max()}), "float64"),
            Strings{"9.007199254740992e+15"});
  EXPECT_EQ(fitted(text({"2.5", "2,5"}), "float64"), Strings{"2.5"});
}

TEST_F(FitTest, decimals_lose_no_digit) {
  EXPECT_EQ(fitted(text({"12.30", "12.345", "99999999.99", "100000000", "-0.5", "1e2", "x", ""}), "decimal(10,2)"),
            (Strings{"12.30", "99999999.99", "-0.50", "100.00"}));
  EXPECT_EQ(reasons_[0], "1 column \"x\": \"12.345\" (text) does not fit decimal(10,2)");
  EXPECT_EQ(fitted(floats({0.1, 19.99, 1e300, NAN, 0.125}), "decimal(10,2)"), (Strings{"0.10", "19.99"}));
  EXPECT_EQ(fitted(integers({7, 99999999, 100000000}), "decimal(10,2)"), (Strings{"7.00", "99999999.00"}));
}

TEST_F(FitTest, times) {
  const int64_t time = 1'780'272'000'123'456;
  EXPECT_EQ(fitted(times({time, -1}), "timestamp_ms"),
            (Strings{"2026-06-01 00:00:00.123Z", "1969-12-31 23:59:59.999Z"}));
  EXPECT_EQ(fitted(times({time, -1}), "timestamp_s_ntz"), (Strings{"2026-06-01 00:00:00", "1969-12-31 23:59:59"}));
  EXPECT_EQ(fitted(times({time}), "timestamp"), Strings{"2026-06-01 00:00:00.123456Z"});
  EXPECT_EQ(fitted(times({9'223'372'036'854'775, 9'223'372'036'854'776}), "timestamp_ns"),
            Strings{"2262-04-11 23:47:16.854775000Z"});
  EXPECT_EQ(reasons_.size(), 1u);
  EXPECT_EQ(fitted(integers({1'780'272'000'123}), "timestamp_ms"), Strings{"2026-06-01 00:00:00.123Z"});
  EXPECT_EQ(fitted(text({"2026-06-01T02:00:00.5+02:00", "yesterday"}), "timestamp_ms"),
            Strings{"2026-06-01 00:00:00.500Z"});
  EXPECT_EQ(fitted(times({time, -1}), "date"), (Strings{"2026-06-01", "1969-12-31"}));
  EXPECT_EQ(fitted(text({"2026-06-01", "2026-02-30", "2026-06-01T00:00:00"}), "date"), Strings{"2026-06-01"});
}

TEST_F(FitTest, seconds_are_as_far_away_as_milliseconds_can_be_counted) {
  constexpr int64_t kFarthest = 9'223'372'036'854'775;
  using Limits = std::numeric_limits<int64_t>;
  fitted(integers({kFarthest, kFarthest + 1, -kFarthest, Limits::min(), {}, Limits::max()}), "timestamp_s");
  EXPECT_EQ(rows_->num_rows(), 3);
  EXPECT_EQ(reasons_, (Strings{"1 column \"x\": 9223372036854776 (int64) does not fit timestamp_s",
                               "3 column \"x\": -9223372036854775808 (int64) does not fit timestamp_s",
                               "5 column \"x\": 9223372036854775807 (int64) does not fit timestamp_s"}));
}

TEST_F(FitTest, text_and_bytes) {
  EXPECT_EQ(fitted(text_column("x", {"\xc3\xa4", "\xff", {}, "longer than twelve bytes"}, Type::bytes), "text"),
            (Strings{"\xc3\xa4", "null", "longer than twelve bytes"}));
  EXPECT_EQ(reasons_, Strings{"1 column \"x\": 1 bytes (bytes) does not fit text"});
  EXPECT_EQ(fitted(integers({5, {}}), "text"), (Strings{"5", "null"}));
  EXPECT_EQ(fitted(testkit::boolean_column("x", {true, {}}), "text"), (Strings{"true", "null"}));
  EXPECT_EQ(fitted(text({"true", "false", "yes", {}}), "boolean"), (Strings{"true", "false", "null"}));
  EXPECT_EQ(fitted(text({"ab"}), "bytes"), Strings{"ab"});
  EXPECT_EQ(fitted(integers({5}), "bytes"), Strings());
}

TEST_F(FitTest, a_dictionary_is_its_text) {
  ValueBuilder<int32_t> indices;
  for (const int index : {1, 0, 2, 1}) indices.append(index);
  indices.append_null();
  const auto dictionary = text_column("", {"a", "longer than twelve bytes", {}});
  const auto column = std::move(indices).finish("x", dictionary);
  EXPECT_EQ(fitted(column, "text"),
            (Strings{"longer than twelve bytes", "a", "null", "longer than twelve bytes", "null"}));
  EXPECT_EQ(fitted(column.slice(1, 2), "text"), (Strings{"a", "null"}));
}

// Parquet has none of these, and Arrow's writer refuses those with a null among their values.
TEST_F(FitTest, a_dictionary_of_anything_is_its_values) {
  const auto values = *arrow::json::ArrayFromJSONString(arrow::date64(), "[86400000, null, 0]");
  const auto indices = *arrow::json::ArrayFromJSONString(arrow::int8(), "[2, 1, null, 0]");
  const auto dictionary = *arrow::DictionaryArray::FromArrays(indices, values);
  const auto rows = *arrow::StructArray::Make({dictionary}, std::vector<std::string>{"x"});
  levada_batch c = levada::detail::empty_batch();
  ASSERT_TRUE(arrow::ExportArray(*rows, &c.rows, &c.schema).ok());
  auto batch = Batch::adopt(c);
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(fitted(*batch, LakeSchema::of(*batch), false), (Strings{"1970-01-01", "null", "null", "1970-01-02"}));
}

TEST_F(FitTest, what_fits_is_not_copied) {
  const auto column = integers({1, 2, 3});
  const void* values = column.array().buffers[1];
  EXPECT_EQ(fitted(column, "timestamp_s"),
            (Strings{"1970-01-01 00:00:01Z", "1970-01-01 00:00:02Z", "1970-01-01 00:00:03Z"}));
  EXPECT_EQ(rows_->column(0)->data()->buffers[1]->data(), values);
}

TEST_F(FitTest, slices_are_the_rows_of_the_slice) {
  EXPECT_EQ(fitted(integers({1, {}, 3, 4000}).slice(1, 2), "int16"), (Strings{"null", "3"}));
  EXPECT_EQ(fitted(text({"1", "x", {}, "4"}).slice(2, 2), "int16"), (Strings{"null", "4"}));
}

TEST_F(FitTest, nested_columns_pass_as_they_are_and_fit_nothing_else) {
  Batch batch(2);
  batch.set(testkit::list_column("x", {{{1, 2}}, {}}));
  EXPECT_EQ(fitted(batch, LakeSchema::of(batch), false), (Strings{"list<element: int64>[1, 2]", "null"}));
  EXPECT_EQ(fitted(batch, schema({{"x", "text"}}), false), Strings{"null"});
  EXPECT_EQ(reasons_, Strings{"0 column \"x\": a value (list<item: int64>) does not fit text"});
  EXPECT_EQ(fitted(testkit::list_column("x", {{{1, 2}}, {}}), "struct<a: int64>"), Strings{"null"});
  EXPECT_EQ(reasons_, Strings{"0 column \"x\": a value (list<item: int64>) does not fit struct<a: int64>"});
  EXPECT_EQ(fitted(integers({1, {}}), "list<int64>"), Strings{"null"});
  EXPECT_EQ(reasons_, Strings{"0 column \"x\": 1 (int64) does not fit list<int64>"});
}

// {"n":..., "tags":[...]}: five rows, of which one is null, though it has values.
Column users() {
  ListBuilder lists;
  StructBuilder structs;
  lists.append(2);
  lists.append_null();
  lists.append(3);
  lists.append(6);
  lists.append(6);
  for (int row = 0; row < 5; ++row) row == 2 ? structs.append_null() : structs.append();
  return std::move(structs).finish(
      "x", {value_column<int64_t>("n", Type::int64, {1, 300, 300, {}, 5}),
            std::move(lists).finish("tags", text_column("", {"1", "2", "none", "4", "x", {}}))});
}

TEST_F(FitTest, members_and_items_fit_narrower_types_or_are_named_by_their_place) {
  EXPECT_EQ(fitted(users(), "struct<tags: list<text>, n: int16>"),
            (Strings{"{tags:list<element: string> = list<element: string>[1, 2], n:int16 = 1}",
                     "{tags:list<element: string> = null, n:int16 = 300}", "null",
                     "{tags:list<element: string> = list<element: string>[4, x, null], n:int16 = null}",
                     "{tags:list<element: string> = list<element: string>[], n:int16 = 5}"}));
  EXPECT_EQ(reasons_, Strings());
  EXPECT_EQ(fitted(users(), "struct<n: int8, tags: list<int32>>").size(), 3u);
  EXPECT_EQ(reasons_, (Strings{R"(1 column "x": 300 (int64) at x.n does not fit int8)",
                               R"(3 column "x": "x" (text) at x.tags[1] does not fit int32)"}));
  EXPECT_EQ(fitted(users().slice(2, 3), "struct<n: int8, tags: list<int32>>").size(), 2u);
  EXPECT_EQ(reasons_, Strings{R"(1 column "x": "x" (text) at x.tags[1] does not fit int32)"});
}

TEST_F(FitTest, values_within_nested_columns_must_be_there_where_they_are_declared_so) {
  EXPECT_EQ(fitted(users(), "struct<n: int64 not null, tags: list<text not null> not null>").size(), 3u);
  EXPECT_EQ(reasons_, (Strings{R"(1 column "x" has no value at x.tags, and is declared not null)",
                               R"(3 column "x" has no value at x.n, and is declared not null)"}));
  EXPECT_EQ(fitted(users(), "struct<tags: list<text not null>>").size(), 4u);
  EXPECT_EQ(reasons_, Strings{R"(3 column "x" has no value at x.tags[2], and is declared not null)"});
  EXPECT_EQ(fitted(users(), "struct<n: int64, more: text not null>"), Strings{"null"});
  EXPECT_EQ(reasons_.size(), 4u);
  EXPECT_EQ(reasons_[0], R"(0 column "x" has no value at x.more, and is declared not null)");
}

TEST_F(FitTest, members_that_one_side_does_not_have) {
  EXPECT_EQ(fitted(users().slice(0, 1), "struct<n: int64, more: list<text>>"),
            Strings{"{n:int64 = 1, more:list<element: string> = null}"});
  Batch batch(5);
  batch.set(users());
  EXPECT_EQ(fitted(batch, schema({{"x", "struct<n: int64>"}}), true), (Strings{"{n:int64 = 300}", "null"}));
  EXPECT_EQ(reasons_, (Strings{R"(0 column "x": the schema has nothing at x.tags)",
                               R"(3 column "x": the schema has nothing at x.tags)",
                               R"(4 column "x": the schema has nothing at x.tags)"}));
}

TEST_F(FitTest, items_of_lists_that_are_null_are_left_behind) {
  ListBuilder lists;
  lists.append(1);
  lists.append_null(3);
  lists.append(4);
  EXPECT_EQ(fitted(std::move(lists).finish("x", integers({1, 2000, 3, 4})), "list<int8>"),
            (Strings{"list<element: int8>[1]", "null", "list<element: int8>[4]"}));
  EXPECT_EQ(reasons_, Strings());
  EXPECT_EQ(rows_->column(0)->data()->child_data[0]->length, 2);
}

TEST_F(FitTest, lists_of_structs_of_lists_are_named_down_to_the_value) {
  ListBuilder outer, inner;
  StructBuilder structs;
  inner.append(1);
  inner.append(3);
  structs.append();
  structs.append();
  outer.append(0);
  outer.append(2);
  const auto column = std::move(outer).finish(
      "x", std::move(structs).finish("", {std::move(inner).finish("a", integers({1, 2, 999}))}));
  EXPECT_EQ(fitted(column, "list<struct<a: list<int8>>>"), Strings{"list<element: struct<a: list<element: int8>>>[]"});
  EXPECT_EQ(reasons_, Strings{R"(1 column "x": 999 (int64) at x[1].a[1] does not fit int8)"});
}

TEST_F(FitTest, columns_that_one_side_does_not_have) {
  Batch batch(2);
  batch.set(text_column("b", {"1", "2"}));
  batch.set(text_column("c", {"1", {}}));
  EXPECT_EQ(fitted(batch, schema({{"a", "int8"}, {"b", "int8"}}), false), (Strings{"null", "null"}));
  EXPECT_EQ(reasons_, Strings());
  EXPECT_EQ(fitted(batch, schema({{"c", "text not null"}}), false), Strings{"1"});
  EXPECT_EQ(reasons_, Strings{"1 column \"c\" has no value, and is declared not null"});
}

TEST_F(FitTest, unknown_columns_are_rejected_on_demand) {
  Batch batch(2);
  batch.set(text_column("b", {"1", "x"}));
  batch.set(text_column("c", {"1", "2"}));
  EXPECT_EQ(fitted(batch, schema({{"b", "int8"}}), true), Strings());
  EXPECT_EQ(reasons_,
            (Strings{"0 column \"c\" is not in the schema", "1 column \"b\": \"x\" (text) does not fit int8"}));
}

TEST_F(FitTest, a_row_with_two_faults_is_rejected_once) {
  Batch batch(1);
  batch.set(text_column("a", {"x"}));
  batch.set(text_column("b", {"y"}));
  EXPECT_EQ(fitted(batch, schema({{"a", "int8"}, {"b", "int8 not null"}}), false), Strings());
  EXPECT_EQ(reasons_.size(), 1u);
}

}  // namespace
}  // namespace levada::lake

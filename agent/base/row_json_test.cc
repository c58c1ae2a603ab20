// Rows as JSON: every type, nulls, and bytes that are no text.
#include "agent/base/row_json.h"

#include <gtest/gtest.h>

#include <limits>

#include "levada/testkit/batches.h"

namespace levada::agent {
namespace {

std::string row(const Batch& batch, int64_t number) {
  std::string text;
  RowJson(batch).append(text, number);
  return text;
}

TEST(RowJson, writes_every_type_and_leaves_out_nulls) {
  Batch batch(2);
  batch.set(testkit::text_column("body", {"a \"b\"\n", std::nullopt}, Type::bytes));
  batch.set(testkit::value_column<int64_t>("count", Type::int64, {-5, std::nullopt}));
  batch.set(testkit::value_column<double>("ratio", Type::float64, {0.5, std::numeric_limits<double>::infinity()}));
  batch.set(testkit::boolean_column("flag", {true, std::nullopt}));
  batch.set(testkit::value_column<int64_t>("time", Type::timestamp, {1'500, std::nullopt}));
  batch.set(repeat("kind", "x", 2));
  EXPECT_EQ(row(batch, 0),
            R"(,"body":"a \"b\"\n","count":-5,"ratio":0.5,"flag":true,"time":"1970-01-01T00:00:00.001Z","kind":"x")");
  EXPECT_EQ(row(batch, 1), R"(,"ratio":"Infinity","kind":"x")");
}

TEST(RowJson, writes_structs_and_lists_as_objects_and_arrays) {
  ListBuilder lists;
  StructBuilder structs;
  lists.append(3);
  lists.append_null();
  lists.append(3);
  for (int row = 0; row < 3; ++row) structs.append();
  Batch batch(3);
  batch.set(std::move(structs).finish(
      "user", {testkit::value_column<int64_t>("id", Type::int64, {7, std::nullopt, std::nullopt}),
               std::move(lists).finish("tags", testkit::text_column("", {"a", std::nullopt, "\xff"}, Type::bytes))}));
  EXPECT_EQ(row(batch, 0), R"(,"user":{"id":7,"tags":["a",null,{"base64":"/w=="}]})");
  EXPECT_EQ(row(batch, 1), R"(,"user":{})");
  EXPECT_EQ(row(batch, 2), R"(,"user":{"tags":[]})");
}

TEST(RowJson, shows_that_there_is_an_opaque_value_and_of_which_format) {
  static constexpr auto release = [](ArrowSchema* schema) { schema->release = nullptr; };
  ArrowSchema local_time{"tsu:", "", nullptr, ARROW_FLAG_NULLABLE, 0, nullptr, nullptr, release, nullptr};
  const auto times = testkit::value_column<int64_t>("at", Type::int64, {1, std::nullopt});
  Batch batch(2);
  batch.set(Column("at", Type::opaque, times.shared(), std::make_shared<ArrowSchema>(local_time)));
  batch.set(repeat("kind", "x", 2));
  EXPECT_EQ(row(batch, 0), R"(,"at_opaque":"tsu:","kind":"x")");
  EXPECT_EQ(row(batch, 1), R"(,"kind":"x")");
}

TEST(RowJson, writes_bytes_that_are_no_text_as_base64) {
  EXPECT_EQ(row(testkit::batch_of({"\xff\xfe"}), 0), R"(,"body_base64":"//4=")");
}

}  // namespace
}  // namespace levada::agent

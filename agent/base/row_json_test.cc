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

TEST(RowJson, shows_that_there_is_an_opaque_value_and_of_which_format) {
  Batch batch(2);
  batch.set(testkit::list_column("tags", {std::vector<int64_t>{1, 2}, std::nullopt}));
  batch.set(repeat("kind", "x", 2));
  EXPECT_EQ(row(batch, 0), R"(,"tags_opaque":"+l","kind":"x")");
  EXPECT_EQ(row(batch, 1), R"(,"kind":"x")");
}

TEST(RowJson, writes_bytes_that_are_no_text_as_base64) {
  EXPECT_EQ(row(testkit::batch_of({"\xff\xfe"}), 0), R"(,"body_base64":"//4=")");
}

}  // namespace
}  // namespace levada::agent

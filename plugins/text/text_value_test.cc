// Values out of texts, and columns of them.
#include "text/text_value.h"

#include <gtest/gtest.h>

#include <cmath>

#include "levada/testkit/batches.h"
#include "text/value_column.h"

namespace levada {
namespace {

using Texts = std::vector<std::string>;

TEST(TextValue, whole_numbers) {
  EXPECT_EQ(read_int64("42"), 42);
  EXPECT_EQ(read_int64("-42"), -42);
  EXPECT_EQ(read_int64("+42"), 42);
  EXPECT_EQ(read_int64("3.0"), 3);
  EXPECT_EQ(read_int64("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(read_int64("-9223372036854775808"), INT64_MIN);
  for (const char* text : {"", " 1", "1 ", "x", "1x", "3.5", "9223372036854775808", "+-1", "++1", "0x10", "1,000", "-"})
    EXPECT_EQ(read_int64(text), std::nullopt) << text;
}

TEST(TextValue, numbers) {
  EXPECT_EQ(read_float64("0.5"), 0.5);
  EXPECT_EQ(read_float64("+1e3"), 1000.0);
  EXPECT_EQ(read_float64("-Inf"), -INFINITY);
  EXPECT_TRUE(std::isnan(read_float64("NaN").value_or(0)));
  for (const char* text : {"", "x", "1.5x", "1e999", ".", "--1", "in", "0.5 "})
    EXPECT_EQ(read_float64(text), std::nullopt) << text;
}

TEST(TextValue, booleans) {
  for (const char* text : {"true", "T", "Yes", "y", "ON", "1"}) EXPECT_EQ(read_boolean(text), true) << text;
  for (const char* text : {"false", "F", "No", "n", "OFF", "0"}) EXPECT_EQ(read_boolean(text), false) << text;
  for (const char* text : {"", "2", "tru", "yess", "null"}) EXPECT_EQ(read_boolean(text), std::nullopt) << text;
}

TEST(TextValue, times) {
  EXPECT_EQ(read_timestamp("1970-01-01T00:00:01Z", TimeUnit::none), 1'000'000);
  EXPECT_EQ(read_timestamp("1970-01-01 00:00:01", TimeUnit::seconds), 1'000'000);
  EXPECT_EQ(read_timestamp("2", TimeUnit::seconds), 2'000'000);
  EXPECT_EQ(read_timestamp("2.5", TimeUnit::milliseconds), 2'500);
  EXPECT_EQ(read_timestamp("7", TimeUnit::microseconds), 7);
  EXPECT_EQ(read_timestamp("-1", TimeUnit::nanoseconds), -1);
  EXPECT_EQ(read_timestamp("2", TimeUnit::none), std::nullopt);
  EXPECT_EQ(read_timestamp("9223372036854775807", TimeUnit::seconds), std::nullopt);
  EXPECT_EQ(read_timestamp("nan", TimeUnit::seconds), std::nullopt);
}

TEST(ValueColumn, builds_each_type) {
  const auto built = [](ValueType type, const Texts& values) {
    ValueColumn column({.name = "x", .type = type}, 1);
    for (const auto& value : values)
      if (!column.append(value)) column.append_null();
    Batch batch(static_cast<int64_t>(values.size()));
    batch.set(std::move(column).finish("x"));
    return testkit::texts(batch, "x");
  };
  EXPECT_EQ(built(ValueType::text, {"a", "longer than twelve bytes", "\xff"}),
            (Texts{"a", "longer than twelve bytes", "<null>"}));
  EXPECT_EQ(built(ValueType::bytes, {"a", "\xff"}), (Texts{"a", "\xff"}));
  EXPECT_EQ(built(ValueType::int64, {"1", "x"}), (Texts{"1", "<null>"}));
  EXPECT_EQ(built(ValueType::float64, {"1.5", "x"}), (Texts{"1.5", "<null>"}));
  EXPECT_EQ(built(ValueType::boolean, {"yes", "x"}), (Texts{"true", "<null>"}));
  EXPECT_EQ(built(ValueType::timestamp, {"1970-01-01T00:00:01Z", "x"}), (Texts{"1000000", "<null>"}));
}

}  // namespace
}  // namespace levada

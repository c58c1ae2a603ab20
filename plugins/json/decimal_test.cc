// Whole numbers are read to the last digit, whatever they are written like.
#include "json/decimal.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

namespace levada {
namespace {

using Whole = std::optional<int64_t>;
constexpr auto kMost = std::numeric_limits<int64_t>::max();
constexpr auto kLeast = std::numeric_limits<int64_t>::min();

TEST(Decimal, a_whole_number_may_be_written_in_many_ways) {
  for (const auto* text : {"300", "300.0", "300.000", "3e2", "3E+2", "3.0e2", "0.3e3", "3000e-1", "30000.0e-2", "0300"})
    EXPECT_EQ(parse_whole(text), 300) << text;
  for (const auto* text : {"0", "-0", "0.0", "0e5", "0e999999999999999999999", "0.000e-7"})
    EXPECT_EQ(parse_whole(text), 0) << text;
  EXPECT_EQ(parse_whole("-12.50e1"), -125);
}

TEST(Decimal, no_digit_is_lost_beyond_what_a_double_holds) {
  EXPECT_EQ(parse_whole("9007199254740993.0"), 9'007'199'254'740'993);
  EXPECT_EQ(parse_whole("9007199254740992.5"), Whole());
  EXPECT_EQ(parse_whole("1e18"), 1'000'000'000'000'000'000);
  EXPECT_EQ(parse_whole("9223372036854775807.0"), kMost);
  EXPECT_EQ(parse_whole("-9.223372036854775808e18"), kLeast);
  EXPECT_EQ(parse_whole("9223372036854775808.0"), Whole());
  EXPECT_EQ(parse_whole("-9223372036854775809e0"), Whole());
  EXPECT_EQ(parse_whole("1e19"), Whole());
  EXPECT_EQ(parse_whole("1e9223372036854775808"), Whole());
  EXPECT_EQ(parse_whole("1e-9223372036854775808"), Whole());
  EXPECT_EQ(parse_whole("3.5"), Whole());
}

TEST(Decimal, what_is_no_number_is_none) {
  for (const auto* text : {"", "-", "+1", ".5", "5.", "1e", "1e+", "--1", "inf", "-inf", "Infinity", "nan", "0x10",
                           "1 ", " 1", "1.5.2", "1e5.0", "one"}) {
    EXPECT_FALSE(parse_decimal(text)) << text;
    EXPECT_FALSE(parse_whole(text)) << text;
  }
}

TEST(Decimal, every_integer_comes_back_with_its_point_anywhere) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 10'000; ++round) {
    const auto number = static_cast<int64_t>(random()) >> (random() % 64);
    const auto text = std::to_string(number);
    const size_t sign = number < 0 ? 1 : 0;
    const size_t point = sign + 1 + random() % (text.size() - sign);
    const auto fraction = text.substr(point);
    auto written = text.substr(0, point);
    if (!fraction.empty()) written += "." + fraction;
    written += "e" + std::to_string(fraction.size());
    ASSERT_EQ(parse_whole(text), number) << text;
    ASSERT_EQ(parse_whole(written), number) << written;
  }
}

}  // namespace
}  // namespace levada

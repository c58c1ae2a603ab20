// Durations and sizes as a user writes them.
#include "agent/config/units.h"

#include <gtest/gtest.h>

namespace levada::agent {

TEST(Units, durations_are_a_whole_number_and_a_unit) {
  EXPECT_EQ(parse_duration("250ms"), 250'000'000);
  EXPECT_EQ(parse_duration("5s"), 5'000'000'000);
  EXPECT_EQ(parse_duration("10m"), 600'000'000'000);
  EXPECT_EQ(parse_duration("2h"), 7'200'000'000'000);
  EXPECT_EQ(parse_duration("1d"), 86'400'000'000'000);
  EXPECT_EQ(parse_duration("0s"), 0);
}

TEST(Units, anything_else_is_no_duration) {
  for (const char* text : {"", "5", "s", "1.5s", "-1s", "+1s", "5 s", " 5s", "5s ", "5sec", "5S", "1h30m", "36501d",
                           "99999999999999999999s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
  EXPECT_TRUE(parse_duration("36500d"));
}

TEST(Units, sizes_are_a_whole_number_and_a_unit_of_1024) {
  EXPECT_EQ(parse_size("64KiB"), 65536);
  EXPECT_EQ(parse_size("16MiB"), 16777216);
  EXPECT_EQ(parse_size("2GiB"), 2147483648);
  EXPECT_EQ(parse_size("1TiB"), 1099511627776);
}

TEST(Units, anything_else_is_no_size) {
  for (const char* text : {"", "4096", "KiB", "64KB", "64kB", "64K", "64kib", "1.5MiB", "-1KiB", "8388608TiB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Units, integers_stand_alone) {
  EXPECT_EQ(parse_integer("9092"), 9092);
  EXPECT_EQ(parse_integer("-1"), -1);
  for (const char* text : {"", "9092 ", " 9092", "9_000", "0x10", "1.0", "9223372036854775808"}) {
    EXPECT_EQ(parse_integer(text), std::nullopt) << text;
  }
}

}  // namespace levada::agent

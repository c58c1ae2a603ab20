// Times of access logs.
#include "access_log_time.h"

#include <gtest/gtest.h>

#include <string>

namespace levada::parse_access_log {
namespace {

std::optional<int64_t> seconds(std::string_view text) {
  AccessLogTime time;
  const auto microseconds = time.read(text);
  if (!microseconds) return std::nullopt;
  EXPECT_EQ(*microseconds % 1'000'000, 0) << text;
  return *microseconds / 1'000'000;
}

TEST(AccessLogTime, reads_the_common_format_with_its_zone) {
  EXPECT_EQ(seconds("10/Oct/2000:13:55:36 -0700"), 971211336);
  EXPECT_EQ(seconds("10/Oct/2000:13:55:36 +0000"), 971186136);
  EXPECT_EQ(seconds("10/Oct/2000:13:55:36 +0530"), 971166336);
  EXPECT_EQ(seconds("01/Jan/1970:00:00:00 +0000"), 0);
  EXPECT_EQ(seconds("31/Dec/1969:23:59:59 +0000"), -1);
  EXPECT_EQ(seconds("29/Feb/2024:00:00:00 +0000"), 1709164800);
  EXPECT_EQ(seconds("31/Dec/2016:23:59:60 +0000"), 1483228800) << "a leap second";
}

TEST(AccessLogTime, reads_each_month) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  constexpr int64_t kDays[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  for (size_t month = 0; month < 12; ++month) {
    const auto text = "01/" + std::string(kMonths.substr(3 * month, 3)) + "/1970:00:00:00 +0000";
    EXPECT_EQ(seconds(text), kDays[month] * 86'400) << text;
  }
}

TEST(AccessLogTime, reads_dates_in_numbers) {
  EXPECT_EQ(seconds("2004-05-18 05:58:48"), 1084859928);
  EXPECT_EQ(seconds("2004-05-18T05:58:48Z"), 1084859928);
  EXPECT_EQ(seconds("2004-05-18 05:58:48+02:00"), 1084852728);
  AccessLogTime time;
  EXPECT_EQ(time.read("2004-05-18 05:58:48.25"), 1084859928'250'000);
}

TEST(AccessLogTime, refuses_what_is_no_time) {
  for (const char* text : {"",
                           "-",
                           "10/",
                           "10/Oct",
                           "10/Oct/2000:13:55:36",
                           "10/Oct/2000:13:55:36 -070",
                           "10/Oct/2000:13:55:36 -07000",
                           "10/Okt/2000:13:55:36 -0700",
                           "10/oct/2000:13:55:36 -0700",
                           "31/Feb/2000:13:55:36 -0700",
                           "29/Feb/2023:13:55:36 -0700",
                           "00/Oct/2000:13:55:36 -0700",
                           "10/Oct/2000:24:55:36 -0700",
                           "10/Oct/2000:13:60:36 -0700",
                           "10/Oct/2000:13:55:61 -0700",
                           "10/Oct/2000:13:55:36 -2400",
                           "10/Oct/2000:13:55:36 -0760",
                           "10/Oct/2000:13:55:36 *0700",
                           "10/Oct/2000 13:55:36 -0700",
                           "1x/Oct/2000:13:55:36 -0700",
                           "10/Oct/20x0:13:55:36 -0700",
                           "10/Oct/2000:13:55:3\xff -0700",
                           "2004-05-18",
                           "2004-13-18 05:58:48",
                           "18.05.2004 05:58:48"})
    EXPECT_EQ(seconds(text), std::nullopt) << text;
}

TEST(AccessLogTime, remembers_the_last_time_and_no_more) {
  AccessLogTime time;
  const std::string valid = "10/Oct/2000:13:55:36 -0700", other = "10/Oct/2000:13:55:37 -0700";
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(time.read(valid), 971211336'000'000);
    EXPECT_EQ(time.read(valid), 971211336'000'000);
    EXPECT_EQ(time.read(other), 971211337'000'000);
    EXPECT_EQ(time.read("no time"), std::nullopt);
    EXPECT_EQ(time.read("no time"), std::nullopt);
    EXPECT_EQ(time.read(std::string(1000, '1')), std::nullopt) << "longer than what is remembered";
    EXPECT_EQ(time.read(""), std::nullopt);
  }
}

}  // namespace
}  // namespace levada::parse_access_log

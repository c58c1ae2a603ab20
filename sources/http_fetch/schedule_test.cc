// Times of cron expressions, and what is due when.
#include "schedule.h"

#include <gtest/gtest.h>

#include <chrono>

namespace levada::http_fetch {
namespace {

using namespace std::chrono;

// Seconds since 1970 of a time in UTC.
int64_t at(int y, unsigned m, unsigned d, int hour = 0, int minute = 0, int second = 0) {
  const sys_days day{year(y) / month(m) / std::chrono::day(d)};
  return (day.time_since_epoch() + hours(hour) + minutes(minute) + seconds(second)) / seconds(1);
}

int64_t next(const std::string& cron, int64_t after) {
  const auto parsed = Cron::parse(cron);
  EXPECT_TRUE(parsed) << cron << ": " << parsed.error().message;
  return parsed ? parsed->next(after) : -1;
}

TEST(Cron, comes_at_the_next_minute_that_fits) {
  EXPECT_EQ(next("* * * * *", at(2026, 1, 1, 0, 0, 0)), at(2026, 1, 1, 0, 1));
  EXPECT_EQ(next("* * * * *", at(2026, 1, 1, 0, 0, 59)), at(2026, 1, 1, 0, 1));
  EXPECT_EQ(next("0 3 * * *", at(2026, 1, 1, 2, 59, 59)), at(2026, 1, 1, 3));
  EXPECT_EQ(next("0 3 * * *", at(2026, 1, 1, 3)), at(2026, 1, 2, 3));
  EXPECT_EQ(next("*/20 * * * *", at(2026, 1, 1, 23, 40)), at(2026, 1, 2, 0, 0));
  EXPECT_EQ(next("5-59/15 8-10 * * *", at(2026, 1, 1, 10, 35)), at(2026, 1, 1, 10, 50));
  EXPECT_EQ(next("5-59/15 8-10 * * *", at(2026, 1, 1, 10, 50)), at(2026, 1, 2, 8, 5));
  EXPECT_EQ(next("59 23 31 12 *", at(2026, 12, 31, 23, 58, 30)), at(2026, 12, 31, 23, 59));
}

TEST(Cron, knows_days_months_and_their_names) {
  // The 1st of January 2026 is a Thursday.
  EXPECT_EQ(next("0 0 * * mon", at(2026, 1, 1)), at(2026, 1, 5));
  EXPECT_EQ(next("0 0 * * 7", at(2026, 1, 1)), at(2026, 1, 4));
  EXPECT_EQ(next("0 0 * * SUN", at(2026, 1, 1)), at(2026, 1, 4));
  EXPECT_EQ(next("0 0 1 feb,jul *", at(2026, 2, 1)), at(2026, 7, 1));
  EXPECT_EQ(next("0 0 29 2 *", at(2026, 1, 1)), at(2028, 2, 29));
  EXPECT_EQ(next("0 0 31 * *", at(2026, 1, 31)), at(2026, 3, 31));
  // One of the two is enough where both are given.
  EXPECT_EQ(next("0 0 13 * fri", at(2026, 1, 1)), at(2026, 1, 2));
  EXPECT_EQ(next("0 0 13 * fri", at(2026, 1, 9)), at(2026, 1, 13));
  EXPECT_EQ(next("@daily", at(2026, 1, 1, 12)), at(2026, 1, 2));
  EXPECT_EQ(next("@Weekly", at(2026, 1, 1)), at(2026, 1, 4));
}

TEST(Cron, what_is_none_is_refused) {
  for (const char* text :
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "1-0 * * * *",
        "*/0 * * * *", "a * * * *", "1, * * * *", "-1 * * * *", "0 0 30 2 *", "@never"})
    EXPECT_FALSE(Cron::parse(text)) << text;
}

TEST(Schedule, an_interval_counts_from_the_last_fetch_and_is_not_put_off_by_a_clock_set_back) {
  const Schedule hourly{.every_ns = 3600, .cron = {}};
  EXPECT_EQ(hourly.due(0, 5000), 0);
  EXPECT_EQ(hourly.due(1000, 5000), 4600);
  EXPECT_EQ(hourly.due(9000, 5000), 8600);
}

TEST(Schedule, a_time_that_was_missed_is_due_at_once) {
  const int64_t second = 1'000'000'000;
  const Schedule daily{.every_ns = 0, .cron = *Cron::parse("0 3 * * *")};
  const auto last = at(2026, 1, 1, 3) * second, now = at(2026, 1, 4, 12) * second;
  EXPECT_EQ(daily.due(last, now), at(2026, 1, 2, 3) * second);
  EXPECT_EQ(daily.due(0, now), at(2026, 1, 5, 3) * second);
}

TEST(Schedule, once_is_due_once) {
  const Schedule once;
  EXPECT_TRUE(once.is_once());
  EXPECT_EQ(once.due(0, 5), 0);
  EXPECT_EQ(once.due(4, 5), INT64_MAX);
}

}  // namespace
}  // namespace levada::http_fetch

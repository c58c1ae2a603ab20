// The time and the columns in paths; sinks/file/file_names_test.cc has what becomes of odd values.
#include "files/path_pattern.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"

namespace levada::files {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::text_column;

constexpr int64_t kSecond = 1'000'000;
// 2026-01-31T23:59:59Z
constexpr int64_t kTime = int64_t{1'769'903'999} * kSecond;

std::string path(const char* pattern, int64_t time, PathStyle style = {}) {
  auto parsed = PathPattern::parse(pattern, style);
  if (!parsed) return parsed.error().message;
  const auto batch = batch_of({"x"});
  parsed->bind(batch);
  std::string to;
  parsed->append(0, time, to);
  return to;
}

TEST(PathPattern, time_is_rounded_down_within_the_day) {
  for (const auto& [step, expected] : {std::pair<std::chrono::microseconds, const char*>{0s, "31T23:59:59"},
                                       {30s, "31T23:59:30"},
                                       {10min, "31T23:50:00"},
                                       {1h, "31T23:00:00"},
                                       {7h, "31T21:00:00"},
                                       {24h, "31T00:00:00"},
                                       {1000h, "31T00:00:00"}})
    EXPECT_EQ(path("%dT%H:%M:%S", kTime, {.round_time = step}), expected);
}

TEST(PathPattern, time_before_1970_is_rounded_down_too) {
  EXPECT_EQ(path("%F %H:%M:%S", -1, {.round_time = 10min}), "1969-12-31 23:50:00");
  EXPECT_EQ(path("%F %H:%M:%S", -86'400 * kSecond, {.round_time = 6h}), "1969-12-31 00:00:00");
}

TEST(PathPattern, rounding_counts_from_the_midnight_of_the_zone) {
  setenv("TZ", "LVD-5:30", 1);
  tzset();
  EXPECT_EQ(path("%F %H:%M", kTime, {.zone = TimeZone::local, .round_time = 4h}), "2026-02-01 04:00");
  unsetenv("TZ");
  tzset();
}

TEST(PathPattern, rows_of_one_rounded_time_have_one_path_in_whatever_order_they_come) {
  auto pattern = PathPattern::parse("%H%M/", {.round_time = 15min});
  ASSERT_TRUE(pattern);
  const auto batch = batch_of({"x"});
  pattern->bind(batch);
  std::string paths;
  for (const int minutes : {0, 14, 15, 3, 44, 45}) pattern->append(0, minutes * 60 * kSecond, paths);
  EXPECT_EQ(paths, "0000/0000/0015/0000/0030/0045/");
}

TEST(PathPattern, colons_of_columns_become_underscores_where_names_have_none) {
  auto batch = batch_of({"x"});
  batch.set(text_column("host", {"[::1]:80"}));
  for (const bool allowed : {true, false}) {
    auto pattern = PathPattern::parse("{host}", {.allows_colons = allowed});
    ASSERT_TRUE(pattern);
    pattern->bind(batch);
    std::string to;
    EXPECT_EQ(pattern->append(0, 0, to), nullptr);
    EXPECT_EQ(to, allowed ? "[::1]:80" : "[__1]_80");
  }
}

}  // namespace
}  // namespace levada::files

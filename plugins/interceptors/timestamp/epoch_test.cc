// Points in time out of numbers and texts.
#include "epoch.h"

#include <gtest/gtest.h>

#include <limits>

#include "levada/time.h"

namespace levada::timestamp {
namespace {

constexpr int64_t kTime = 1'780'272'000'000'000;  // 2026-06-01T00:00:00Z
constexpr auto kMost = std::numeric_limits<int64_t>::max();
using Time = std::optional<int64_t>;

TEST(Rfc3339, reads_zones_and_fractions) {
  EXPECT_EQ(parse_rfc3339("2026-06-01T00:00:00Z"), kTime);
  EXPECT_EQ(parse_rfc3339("2026-06-01 00:00:00"), kTime);
  EXPECT_EQ(parse_rfc3339("2026-06-01t02:30:00+02:30"), kTime);
  EXPECT_EQ(parse_rfc3339("2026-05-31T19:00:00-0500"), kTime);
  EXPECT_EQ(parse_rfc3339("2026-06-01T00:00:00.5z"), kTime + 500'000);
  EXPECT_EQ(parse_rfc3339("2026-06-01T00:00:00.123456789Z"), kTime + 123'456);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.9Z"), -100'000);
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z").has_value(), true);
}

TEST(Rfc3339, refuses_what_is_no_time) {
  for (const auto* text :
       {"", "2026", "2026-06-01", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-06-01T24:00:00Z",
        "2026-06-01T00:60:00Z", "2026-06-01T00:00:61Z", "2026-06-01T00:00:00.Z", "2026-06-01T00:00:00X",
        "2026-06-01T00:00:00Zx", "2026-06-01T00:00:00+2", "2026-06-01T00:00:00+24:00", "26-06-01T00:00:00Z",
        "2026-06-01_00:00:00Z", "2026-06-01T00:00:00+", "+026-06-01T00:00:00Z"})
    EXPECT_FALSE(parse_rfc3339(text)) << text;
}

TEST(Epoch, detects_the_unit_of_a_number) {
  for (const int64_t number : {int64_t{1'780'272'000}, int64_t{1'780'272'000'000}, kTime, kTime * 1000})
    EXPECT_EQ(microseconds(number, Format::detect), kTime) << number;
  EXPECT_EQ(microseconds(1'780'272'000.25, Format::detect), kTime + 250'000);
  EXPECT_EQ(microseconds(int64_t{0}, Format::detect), 0);
  EXPECT_EQ(microseconds(int64_t{-1}, Format::detect), -1'000'000);
}

TEST(Epoch, counts_digits_and_rounds_none_of_them_up) {
  EXPECT_EQ(microseconds(int64_t{99'999'999'999'999'999}, Format::detect), 99'999'999'999'999'999);
  EXPECT_EQ(microseconds(int64_t{-99'999'999'999'999'999}, Format::detect), -99'999'999'999'999'999);
  EXPECT_EQ(microseconds(int64_t{100'000'000'000'000'000}, Format::detect), 100'000'000'000'000);
  EXPECT_EQ(microseconds(std::string_view("99999999999999999"), Format::detect), 99'999'999'999'999'999);
  EXPECT_EQ(microseconds(std::string_view("99999999999999999.0"), Format::detect), 99'999'999'999'999'999);
  EXPECT_EQ(microseconds(std::string_view("99999999999.9999999"), Format::detect), 100'000'000'000'000'000);
  EXPECT_EQ(microseconds(std::numeric_limits<int64_t>::min(), Format::detect), -9'223'372'036'854'776);
}

TEST(Epoch, takes_the_unit_that_it_is_told) {
  EXPECT_EQ(microseconds(int64_t{5}, Format::epoch_s), 5'000'000);
  EXPECT_EQ(microseconds(int64_t{5}, Format::epoch_ms), 5'000);
  EXPECT_EQ(microseconds(int64_t{5}, Format::epoch_us), 5);
  EXPECT_EQ(microseconds(int64_t{5'999}, Format::epoch_ns), 5);
  EXPECT_EQ(microseconds(int64_t{-1}, Format::epoch_ns), -1);
  EXPECT_EQ(microseconds(2.5, Format::epoch_ms), 2500);
}

TEST(Epoch, gives_nothing_for_a_number_that_no_timestamp_can_hold) {
  EXPECT_EQ(microseconds(kMost, Format::epoch_s), Time());
  EXPECT_EQ(microseconds(-kMost, Format::epoch_ms), Time());
  EXPECT_EQ(microseconds(1e300, Format::epoch_s), Time());
  EXPECT_EQ(microseconds(std::numeric_limits<double>::quiet_NaN(), Format::detect), Time());
  EXPECT_EQ(microseconds(std::numeric_limits<double>::infinity(), Format::epoch_ms), Time());
  EXPECT_EQ(microseconds(int64_t{5}, Format::rfc3339), Time());
}

TEST(Epoch, reads_text_of_any_kind) {
  EXPECT_EQ(microseconds(std::string_view("1780272000"), Format::detect), kTime);
  EXPECT_EQ(microseconds(std::string_view("1780272000.5"), Format::detect), kTime + 500'000);
  EXPECT_EQ(microseconds(std::string_view("2026-06-01T00:00:00Z"), Format::detect), kTime);
  EXPECT_EQ(microseconds(std::string_view("2026-06-01T00:00:00Z"), Format::rfc3339), kTime);
  EXPECT_EQ(microseconds(std::string_view("1780272000"), Format::rfc3339), Time());
  EXPECT_EQ(microseconds(std::string_view("2026-06-01T00:00:00Z"), Format::epoch_s), Time());
  for (const auto* text : {"", " ", "abc", "15000x", "-", "nan", "inf", "-Infinity", "1.", ".5", "+1", " 1780272000"})
    EXPECT_EQ(microseconds(std::string_view(text), Format::detect), Time()) << text;
}

}  // namespace
}  // namespace levada::timestamp

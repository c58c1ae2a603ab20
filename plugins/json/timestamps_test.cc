// Times as text: what is read, what is refused, and that what is written reads back.
#include "levada/time.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace levada {
namespace {

std::string written(int64_t microseconds) {
  char text[Rfc3339Writer::kSize];
  const char* end = Rfc3339Writer().write(microseconds, text);
  return end ? std::string(text, static_cast<size_t>(end - text)) : "<none>";
}

TEST(Timestamps, reads_what_rfc_3339_allows) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("2017-07-14T02:40:00Z"), 1'500'000'000'000'000);
  EXPECT_EQ(parse_rfc3339("2017-07-14 04:40:00.25+02:00"), 1'500'000'000'250'000);
  EXPECT_EQ(parse_rfc3339("2017-07-13t21:10:00.123456789-05:30"), 1'500'000'000'123'456);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.999999z"), -1);
  EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z"), 1'709'164'800'000'000);
}

TEST(Timestamps, reads_what_logs_hold_beside_it) {
  EXPECT_EQ(parse_rfc3339("2017-07-14T02:40:00"), 1'500'000'000'000'000);
  EXPECT_EQ(parse_rfc3339("2017-07-14T02:40:00.5"), 1'500'000'000'500'000);
  EXPECT_EQ(parse_rfc3339("2017-07-14T03:40:00+0100"), 1'500'000'000'000'000);
}

TEST(Timestamps, refuses_what_is_no_time) {
  for (const char* text :
       {"", "2017-07-14", "2017-07-14T02:40:00.Z", "2017-07-14T02:40:00.", "2017-02-29T00:00:00Z",
        "2017-13-01T00:00:00Z", "2017-00-01T00:00:00Z", "2017-01-01T24:00:00Z", "2017-01-01T00:60:00Z",
        "2017-01-01T00:00:61Z", "2017-01-01T00:00:00+24:00", "2017-01-01T00:00:00ZZ", "2017-01-01T00:00:00Z ",
        "+017-01-01T00:00:00Z", "2017/01/01T00:00:00Z", "2017-01-01T00:00:00+01:0"})
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
}

TEST(Timestamps, writes_microseconds) {
  EXPECT_EQ(written(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(written(1'500'000'000'250'001), "2017-07-14T02:40:00.250001Z");
  EXPECT_EQ(written(-1), "1969-12-31T23:59:59.999999Z");
}

TEST(Timestamps, writes_no_year_that_rfc_3339_does_not_know) {
  EXPECT_EQ(written(*parse_rfc3339("9999-12-31T23:59:59.999999Z")), "9999-12-31T23:59:59.999999Z");
  EXPECT_EQ(written(*parse_rfc3339("9999-12-31T23:59:59.999999Z") + 1), "<none>");
  EXPECT_EQ(written(*parse_rfc3339("0000-01-01T00:00:00Z")), "0000-01-01T00:00:00.000000Z");
  EXPECT_EQ(written(*parse_rfc3339("0000-01-01T00:00:00Z") - 1), "<none>");
  EXPECT_EQ(written(INT64_MAX), "<none>");
  EXPECT_EQ(written(INT64_MIN), "<none>");
}

TEST(Timestamps, what_is_written_reads_back) {
  std::mt19937_64 random(1);
  Rfc3339Writer writer;
  for (int round = 0; round < 10'000; ++round) {
    const auto time = static_cast<int64_t>(random() % 250'000'000'000'000'000) - 50'000'000'000'000'000;
    char text[Rfc3339Writer::kSize];
    ASSERT_NE(writer.write(time, text), nullptr);
    ASSERT_EQ(parse_rfc3339({text, sizeof text}), time) << std::string(text, sizeof text);
  }
}

}  // namespace
}  // namespace levada

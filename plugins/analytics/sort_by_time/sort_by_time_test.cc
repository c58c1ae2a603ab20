// The interceptor `sort_by_time`: one stream and several, with restarts between any two batches.
#include "sort_by_time.h"

#include <gtest/gtest.h>

#include "analytics/detector_bench.h"

namespace levada::sort_by_time {
namespace {

using analytics::DetectorBench;
using analytics::Lines;
using analytics::TestRow;
using std::chrono::seconds;

SortByTime::Settings settings_of(seconds lateness, int64_t streams = 1) {
  SortByTime::Settings settings;
  settings.time = "time";
  settings.unit = TimeUnit::s;
  settings.lateness = lateness;
  settings.streams = streams;
  return settings;
}

DetectorBench bench_of(const SortByTime::Settings& settings) {
  return DetectorBench({"text"}, [settings](Host host) -> std::unique_ptr<StatefulInterceptor> {
    auto made = SortByTime::create(settings, host);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  });
}

TEST(SortByTime, rows_out_of_order_within_the_lateness_come_out_in_order) {
  std::mt19937_64 random(1);
  std::vector<TestRow> rows;
  Lines expected;
  for (int64_t row = 0; row < 500; ++row) {
    const auto text = row % 7 == 0 ? "<null>" : std::to_string(row);
    rows.push_back({row / 3, {text}});  // Rows of one time keep their order.
    expected.push_back("time=" + std::to_string(row / 3) + (row % 7 == 0 ? "" : " text=" + text));
  }
  auto bench = bench_of(settings_of(seconds(10)));
  bench.expect_however_it_comes(rows, expected, random);
  bench.expect_however_it_comes(DetectorBench::shuffled(rows, 10, random), expected, random);
  EXPECT_EQ(bench.host().count("rows_late"), 0);
}

TEST(SortByTime, waits_for_the_slowest_of_the_streams) {
  auto bench = bench_of(settings_of(seconds(0), 2));
  auto made = SortByTime::create(settings_of(seconds(0), 2), bench.host().host());
  ASSERT_TRUE(made);
  const auto take = [&](const char* stream, const std::vector<TestRow>& rows) {
    auto batch = bench.batch_of(rows);
    batch.stream = stream;
    EXPECT_TRUE((*made)->intercept(batch));
    return analytics::lines_of(batch);
  };
  EXPECT_EQ(take("a", {{1, {"x"}}, {4, {"x"}}, {9, {"x"}}}), Lines{});  // Of "b" nothing is known yet.
  EXPECT_EQ(take("b", {{2, {"y"}}, {5, {"y"}}}), (Lines{"time=1 text=x", "time=2 text=y", "time=4 text=x"}));
  Lines rest;
  while (auto batch = (*made)->advance({}, true)) {
    const auto lines = analytics::lines_of(*batch);
    rest.insert(rest.end(), lines.begin(), lines.end());
  }
  EXPECT_EQ(rest, (Lines{"time=5 text=y", "time=9 text=x"}));
}

TEST(SortByTime, a_late_row_is_rejected_with_its_reason) {
  auto bench = bench_of(settings_of(seconds(2)));
  auto made = SortByTime::create(settings_of(seconds(2)), bench.host().host());
  ASSERT_TRUE(made);
  auto batch = bench.batch_of({{10, {"in time"}}});
  ASSERT_TRUE((*made)->intercept(batch));
  batch = bench.batch_of({{20, {"in time"}}});
  ASSERT_TRUE((*made)->intercept(batch));
  batch = bench.batch_of({{3, {"late"}}});
  ASSERT_TRUE((*made)->intercept(batch));
  ASSERT_EQ(batch.rejections().size(), 1u);
  EXPECT_NE(batch.rejections()[0].reason.find("late"), std::string::npos) << batch.rejections()[0].reason;
  EXPECT_EQ(bench.host().count("rows_late"), 1);
}

TEST(SortByTime, refuses_an_option_that_cannot_be) {
  auto settings = settings_of(seconds(0));
  settings.memory_bytes = Size{0};
  testkit::FakeHost host;
  EXPECT_FALSE(SortByTime::create(settings, host.host()));
}

}  // namespace
}  // namespace levada::sort_by_time

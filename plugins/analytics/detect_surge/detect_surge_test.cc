// The interceptor `detect_surge` against a model that has all counts of all ticks.
#include "detect_surge.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "analytics/detector_bench.h"
#include "levada/testkit/conformance.h"

namespace levada::detect_surge {
namespace {

using analytics::DetectorBench;
using analytics::Lines;
using analytics::TestRow;
using std::chrono::seconds;

DetectSurge::Settings settings_of(std::vector<std::string> values = {}) {
  DetectSurge::Settings settings;
  settings.time = "time";
  settings.unit = TimeUnit::s;
  settings.column = "status";
  settings.values = std::move(values);
  settings.window = seconds(5);
  settings.threshold = 2;
  return settings;
}

DetectorBench bench_of(const DetectSurge::Settings& settings) {
  return DetectorBench({"status"}, [settings](Host host) -> std::unique_ptr<StatefulInterceptor> {
    auto made = DetectSurge::create(settings, host);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  });
}

TEST(DetectSurge, tells_when_more_rows_than_the_threshold_are_in_the_window) {
  auto bench = bench_of(settings_of({"404", "500"}));
  EXPECT_EQ(bench.run({{10, {"404"}}, {11, {"200"}}, {11, {"500"}}, {12, {"404"}}, {12, {"404"}}, {30, {"200"}}}),
            (Lines{"state=begin kind=absolute status=404,500 begin=12000000 peak=4",
                   "state=end kind=absolute status=404,500 begin=12000000 end=15000000 peak=4"}));
}

TEST(DetectSurge, under_a_threshold_that_no_count_can_pass_nothing_is_watched_however_long) {
  auto settings = settings_of();
  settings.threshold = std::numeric_limits<int64_t>::max();
  settings.every = settings.window = std::chrono::microseconds(1);
  auto bench = bench_of(settings);
  EXPECT_EQ(bench.run({{0, {"a"}}, {200'000'000'000, {"a"}}}), Lines{});
}

TEST(DetectSurge, counts_each_value_for_itself_where_none_is_named) {
  auto bench = bench_of(settings_of());
  EXPECT_EQ(bench.run({{10, {"a"}}, {10, {"b"}}, {10, {"a"}}, {10, {"b"}}, {11, {"<null>"}}, {11, {"b"}}}),
            (Lines{"state=begin kind=absolute status=b begin=11000000 peak=3",
                   "state=end kind=absolute status=b begin=11000000 end=11000000 peak=3"}));
}

TEST(DetectSurge, by_a_factor_a_surge_is_measured_by_the_windows_before) {
  auto settings = settings_of({"x"});
  settings.threshold.reset();
  settings.factor = 2;
  settings.baseline = seconds(10);
  settings.minimum = 3;
  auto bench = bench_of(settings);
  std::vector<TestRow> rows;
  // Many at the start are no surge: there is nothing to measure them by.
  for (int row = 0; row < 20; ++row) rows.push_back({100, {"x"}});
  for (int64_t time = 101; time < 130; ++time) rows.push_back({time, {time < 120 ? "y" : "x"}});
  // Of the ten seconds before 122 two had 1 and 2 in their windows, and 3 at once are much more.
  EXPECT_EQ(bench.run(rows), (Lines{"state=begin kind=relative status=x begin=122000000 peak=3",
                                    "state=end kind=relative status=x begin=122000000 end=126000000 peak=5"}));
}

TEST(DetectSurge, numbers_are_compared_by_their_digits) {
  testkit::FakeHost host;
  const auto made = DetectSurge::create(settings_of({"404"}), host.host());
  Batch batch(4);
  batch.set(testkit::value_column<int64_t>("time", Type::int64, {1, 1, 1, 1}));
  batch.set(testkit::value_column<int64_t>("status", Type::int64, {404, 404, 200, 404}));
  ASSERT_TRUE((*made)->intercept(batch));
  const auto rows = (*made)->advance({}, true);
  ASSERT_TRUE(rows);
  EXPECT_EQ(analytics::lines_of(*rows).size(), 2u);
  EXPECT_EQ((*made)->advance({}, true).code(), Code::idle);
}

// Works out each tick from all rows.
Lines model(const std::vector<TestRow>& rows, const DetectSurge::Settings& settings) {
  std::map<std::string, std::map<int64_t, int64_t>> counts;
  for (const auto& row : rows) ++counts[row.values[0]][row.time];
  const int64_t first = rows.front().time, last = rows.back().time, window = settings.window / seconds(1),
                baseline = settings.baseline / seconds(1);
  Lines lines;
  for (auto& [value, of_ticks] : counts) {
    const auto in_window = [&](int64_t tick) {
      int64_t sum = 0;
      for (int64_t each = tick - window + 1; each <= tick; ++each)
        if (const auto at = of_ticks.find(each); at != of_ticks.end()) sum += at->second;
      return sum;
    };
    for (const bool relative : {false, true}) {
      int64_t begin = -1, peak = 0;
      for (int64_t tick = first; tick <= last + 1; ++tick) {
        bool is_on = false;
        const int64_t rows_now = in_window(tick);
        if (tick <= last && !relative) is_on = rows_now > *settings.threshold;
        if (tick <= last && relative && tick - first >= baseline && rows_now >= settings.minimum) {
          int64_t sum = 0;
          for (int64_t each = tick - baseline; each < tick; ++each) sum += in_window(each);
          is_on = static_cast<double>(rows_now * baseline) > *settings.factor * static_cast<double>(sum);
        }
        const auto text = [](int64_t number) { return std::to_string(number); };
        const std::string head = std::string("kind=") + (relative ? "relative" : "absolute") + " status=" + value;
        if (is_on) {
          if (begin < 0)
            lines.push_back("state=begin " + head + " begin=" + text(tick) + "000000 peak=" + text(rows_now));
          if (begin < 0) begin = tick, peak = 0;
          peak = std::max(peak, rows_now);
        } else if (begin >= 0) {
          lines.push_back("state=end " + head + " begin=" + text(begin) + "000000 end=" + text(tick - 1) +
                          "000000 peak=" + text(peak));
          begin = -1;
        }
      }
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

TEST(DetectSurge, does_as_a_model_does_that_knows_all_rows) {
  for (const uint64_t seed : {1, 2, 3, 4}) {
    std::mt19937_64 random(seed);
    auto settings = settings_of();
    settings.threshold = seed == 1 ? 1 : 9;
    settings.factor = 1.5;
    settings.baseline = seconds(12);
    settings.minimum = seed == 1 ? 2 : 4;
    std::vector<TestRow> rows;
    const size_t values = seed == 1 ? 1500 : 5;
    for (int64_t time = 1'000; rows.size() < 3000; ++time) {
      const auto busy = random() % 20 == 0 ? 30u : 4u;
      for (auto count = random() % busy; count > 0; --count)
        rows.push_back({time, {"value " + std::to_string(std::min(random() % values, random() % values))}});
      if (random() % 100 == 0) time += static_cast<int64_t>(random() % 60);
    }
    auto bench = bench_of(settings);
    Lines told = bench.run(rows);
    bench.expect_however_it_comes(rows, told, random);
    settings.lateness = seconds(7);
    auto late = bench_of(settings);
    EXPECT_EQ(late.run(DetectorBench::shuffled(rows, 7, random), [&] { return 1 + random() % 50; }, true), told);
    std::sort(told.begin(), told.end());
    EXPECT_EQ(told, model(rows, settings));
    EXPECT_FALSE(told.empty());
  }
}

std::string fault(const std::function<void(DetectSurge::Settings&)>& change) {
  testkit::FakeHost host;
  auto settings = settings_of();
  change(settings);
  const auto made = DetectSurge::create(settings, host.host());
  return made ? "none" : made.error().option + ": " + made.error().message;
}

TEST(DetectSurge, settings_are_checked) {
  EXPECT_EQ(fault([](auto&) {}), "none");
  EXPECT_EQ(fault([](auto& settings) { settings.column = ""; }), "column: a column needs a name");
  EXPECT_EQ(fault([](auto& settings) { settings.column = "peak"; }),
            "column: \"peak\" is a column of what comes out: rename it first");
  EXPECT_EQ(fault([](auto& settings) { settings.every = seconds(0); }),
            "every: must be one microsecond or more of them");
  EXPECT_EQ(fault([](auto& settings) { settings.every = seconds(2); }), "window: must be a multiple of `every`");
  EXPECT_EQ(fault([](auto& settings) { settings.window = seconds(100'001); }),
            "window: must not be longer than 100000 times `every`");
  EXPECT_EQ(fault([](auto& settings) { settings.threshold.reset(); }),
            "threshold: what a surge is, `threshold` says, or `factor`, or both");
  EXPECT_EQ(fault([](auto& settings) { settings.threshold = -1; }), "threshold: must not be negative");
  EXPECT_EQ(fault([](auto& settings) { settings.factor = 0; }), "factor: must be more than 0");
  EXPECT_EQ(fault([](auto& settings) {
              settings.factor = 2;
              settings.baseline = seconds(0);
            }),
            "baseline: must be a multiple of `every`");
  EXPECT_EQ(fault([](auto& settings) { settings.minimum = 0; }), "minimum: must be 1 or more");
}

LEVADA_CONFORMANCE(detect_surge, [] {
  auto tested = testkit::subject(
      "detect_surge", "column = \"a_text\"\nwindow = \"10s\"\nthreshold = 1\ntime = \"a_time\"\nunit = \"s\"");
  tested.bodies = {"one", "two", "one", "", "three"};
  tested.columns = {testkit::value_column<int64_t>("a_time", Type::int64, {1, 1, 5, 7, 30}),
                    testkit::text_column("a_text", {"a", "a", "b", "a text of more than twelve bytes", "a"})};
  tested.other_options = "column = \"a_text\"\nwindow = \"10s\"\nthreshold = 2\ntime = \"a_time\"\nunit = \"s\"";
  tested.refused = {{"column = \"a\"", "threshold"}};
  return tested;
});

}  // namespace
}  // namespace levada::detect_surge

// The interceptor `top_k`: its windows, its weights, and that nothing depends on batches.
#include "top_k.h"

#include <gtest/gtest.h>

#include "analytics/detector_bench.h"
#include "levada/testkit/conformance.h"

namespace levada::top_k {
namespace {

using analytics::DetectorBench;
using analytics::Lines;
using analytics::TestRow;
using std::chrono::seconds;

TopK::Settings settings_of(int64_t counters = 100) {
  TopK::Settings settings;
  settings.time = "time";
  settings.unit = TimeUnit::s;
  settings.keys = {"url"};
  settings.k = 2;
  settings.window = seconds(10);
  settings.counters = counters;
  return settings;
}

DetectorBench bench_of(const TopK::Settings& settings) {
  return DetectorBench({"url"}, [settings](Host host) -> std::unique_ptr<StatefulInterceptor> {
    auto made = TopK::create(settings, host);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  });
}

TEST(TopK, gives_the_keys_with_the_most_rows_of_each_window) {
  auto bench = bench_of(settings_of());
  EXPECT_EQ(bench.run({{10, {"a"}}, {12, {"b"}}, {19, {"b"}}, {19, {"c"}}, {20, {"c"}}, {45, {"d"}}}),
            (Lines{"window_start=10000000 window_end=20000000 rank=1 url=b weight=2 error=0",
                   "window_start=10000000 window_end=20000000 rank=2 url=a weight=1 error=0",
                   "window_start=20000000 window_end=30000000 rank=1 url=c weight=1 error=0",
                   "window_start=40000000 window_end=50000000 rank=1 url=d weight=1 error=0"}));
}

TEST(TopK, adds_up_weights_and_leaves_out_what_has_none) {
  auto settings = settings_of();
  settings.weight = "bytes";
  testkit::FakeHost host;
  const auto made = TopK::create(settings, host.host());
  Batch batch(5);
  batch.set(testkit::value_column<int64_t>("time", Type::int64, {1, 1, 1, 1, 1}));
  batch.set(testkit::text_column("url", {"a", "b", "a", "c", std::nullopt}));
  batch.set(testkit::value_column<int64_t>("bytes", Type::int64, {5, 7, 4, -3, std::nullopt}));
  ASSERT_TRUE((*made)->intercept(batch));
  EXPECT_EQ(batch.rows(), 0);
  const auto rows = (*made)->advance({}, true);
  ASSERT_TRUE(rows);
  EXPECT_EQ(analytics::lines_of(*rows), (Lines{"window_start=0 window_end=10000000 rank=1 url=a weight=9 error=0",
                                               "window_start=0 window_end=10000000 rank=2 url=b weight=7 error=0"}));
}

TEST(TopK, gives_the_same_however_rows_come) {
  std::mt19937_64 random(4);
  std::vector<TestRow> rows;
  for (int64_t time = -100; rows.size() < 4000; time += static_cast<int64_t>(random() % 2))
    for (auto count = random() % 40; count > 0; --count)
      rows.push_back({time, {"url " + std::to_string(std::min(random() % 500, random() % 500))}});
  auto settings = settings_of(20);
  auto bench = bench_of(settings);
  const Lines whole = bench.run(rows);
  EXPECT_GT(whole.size(), 5u);
  bench.expect_however_it_comes(rows, whole, random);
  settings.lateness = seconds(7);
  auto late = bench_of(settings);
  EXPECT_EQ(late.run(DetectorBench::shuffled(rows, 7, random), [&] { return 1 + random() % 50; }, true), whole);
}

std::string fault(const std::function<void(TopK::Settings&)>& change) {
  testkit::FakeHost host;
  auto settings = settings_of();
  change(settings);
  const auto made = TopK::create(settings, host.host());
  return made ? "none" : made.error().option + ": " + made.error().message;
}

TEST(TopK, settings_are_checked) {
  EXPECT_EQ(fault([](auto&) {}), "none");
  EXPECT_EQ(fault([](auto& settings) { settings.keys = {"rank"}; }),
            "keys: \"rank\" is a column of what comes out: rename it first");
  EXPECT_EQ(fault([](auto& settings) { settings.window = {}; }), "window: must be 1us or more");
  EXPECT_EQ(fault([](auto& settings) { settings.counters = 0; }), "counters: must be 1 to 10000000");
  EXPECT_EQ(fault([](auto& settings) { settings.k = 101; }), "k: must be 1 or more, and no more than `counters`");
}

LEVADA_CONFORMANCE(top_k, [] {
  auto tested = testkit::subject(
      "top_k", "keys = [\"a_text\"]\nwindow = \"5s\"\ntime = \"a_time\"\nunit = \"s\"\nlateness = \"3s\"");
  tested.bodies = {"one", "two", "one", "", "three"};
  tested.columns = {testkit::value_column<int64_t>("a_time", Type::int64, {1, 1, 5, 7, 30}),
                    testkit::text_column("a_text", {"a", "a", "b", "a text of more than twelve bytes", "a"})};
  tested.other_options = "keys = [\"a_text\"]\nwindow = \"6s\"\ntime = \"a_time\"\nunit = \"s\"";
  tested.refused = {{"keys = [\"a\"]\nk = 0", "k"}};
  return tested;
});

}  // namespace
}  // namespace levada::top_k

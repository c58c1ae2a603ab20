// The interceptor `limit_rate` against a model that knows all rows, in order and out of it.
#include "limit_rate.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "analytics/detector_bench.h"
#include "levada/testkit/conformance.h"

namespace levada::limit_rate {
namespace {

using analytics::DetectorBench;
using analytics::Lines;
using analytics::TestRow;
using std::chrono::seconds;

LimitRate::Settings settings_of(Mode mode, Emit emit = Emit::rows) {
  LimitRate::Settings settings;
  settings.time = "time";
  settings.unit = TimeUnit::s;
  settings.keys = {"ip"};
  settings.limit = 3;
  settings.window = seconds(10);
  settings.mode = mode;
  settings.emit = emit;
  return settings;
}

DetectorBench bench_of(const LimitRate::Settings& settings) {
  return DetectorBench({"ip"}, [settings](Host host) -> std::unique_ptr<StatefulInterceptor> {
    auto made = LimitRate::create(settings, host);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  });
}

Lines marks(const LimitRate::Settings& settings, const std::vector<int64_t>& times) {
  std::vector<TestRow> rows;
  for (const auto time : times) rows.push_back({time, {"a"}});
  auto bench = bench_of(settings);
  Lines out;
  for (const auto& line : bench.run(rows)) out.push_back(line.substr(line.rfind('=') + 1));
  return out;
}

TEST(LimitRate, observed_rows_count_whether_they_are_blocked_or_not) {
  // The row at 10 is a window behind the one at 0; each other has three within its window.
  EXPECT_EQ(marks(settings_of(Mode::observe), {0, 1, 2, 3, 10, 11, 22}),
            (Lines{"false", "false", "false", "true", "true", "true", "false"}));
  EXPECT_EQ(marks(settings_of(Mode::observe), {0, 0, 0, 10}), (Lines{"false", "false", "false", "false"}));
  EXPECT_EQ(marks(settings_of(Mode::observe), {0, 0, 0, 9}), (Lines{"false", "false", "false", "true"}));
}

TEST(LimitRate, where_only_admitted_rows_count_one_gets_through_when_the_oldest_leaves) {
  EXPECT_EQ(marks(settings_of(Mode::admit), {0, 1, 2, 3, 10, 10, 11, 12}),
            (Lines{"false", "false", "false", "true", "false", "true", "false", "false"}));
}

TEST(LimitRate, drops_what_is_blocked) {
  auto settings = settings_of(Mode::admit);
  settings.action = Action::drop;
  auto bench = bench_of(settings);
  EXPECT_EQ(bench.run({{0, {"a"}}, {0, {"a"}}, {1, {"a"}}, {1, {"a"}}, {1, {"b"}}}),
            (Lines{"time=0 ip=a", "time=0 ip=a", "time=1 ip=a", "time=1 ip=b"}));
  EXPECT_EQ(bench.host().count("rows_blocked"), 1);
}

TEST(LimitRate, tells_an_interval_when_it_is_over) {
  auto bench = bench_of(settings_of(Mode::observe, Emit::intervals));
  const std::vector<TestRow> rows = {{0, {"a"}}, {0, {"a"}}, {0, {"a"}}, {1, {"a"}}, {2, {"a"}}, {2, {"b"}}};
  EXPECT_EQ(bench.run(rows), Lines{"ip=a first=1000000 last=2000000 count=2"});
  // Another key's row shows that a window has passed.
  auto other = LimitRate::create(settings_of(Mode::observe, Emit::intervals), bench.host().host());
  auto batch = bench.batch_of(rows);
  ASSERT_TRUE((*other)->intercept(batch));
  EXPECT_EQ(batch.rows(), 0);
  batch = bench.batch_of({{11, {"b"}}});
  ASSERT_TRUE((*other)->intercept(batch));
  EXPECT_EQ(batch.rows(), 0);
  batch = bench.batch_of({{12, {"b"}}});
  ASSERT_TRUE((*other)->intercept(batch));
  EXPECT_EQ(analytics::lines_of(batch), Lines{"ip=a first=1000000 last=2000000 count=2"});
}

// Knows all rows of each key.
class Model {
 public:
  Model(Mode mode, int64_t limit, int64_t window) : mode_(mode), limit_(static_cast<size_t>(limit)), window_(window) {}

  bool is_blocked(const std::string& key, int64_t time) {
    auto& before = rows_[key];
    const bool blocked = before.size() >= limit_ && time - before[before.size() - limit_] < window_;
    if (mode_ == Mode::observe || !blocked) before.push_back(time);
    return blocked;
  }
  void step(const std::string& key, int64_t time) {
    const bool blocked = is_blocked(key, time);
    auto& run = runs_[key];
    if (blocked) {
      if (run.count++ == 0) run.first = time;
      run.last = time;
    } else {
      finish(key);
    }
  }
  Lines intervals() {
    for (const auto& [key, run] : runs_) finish(key);
    std::sort(lines_.begin(), lines_.end());
    return lines_;
  }

 private:
  struct Interval {
    int64_t first = 0, last = 0, count = 0;
  };
  void finish(const std::string& key) {
    auto& run = runs_[key];
    if (run.count > 0)
      lines_.push_back("ip=" + key + " first=" + std::to_string(run.first) + "000000 last=" + std::to_string(run.last) +
                       "000000 count=" + std::to_string(run.count));
    run = {};
  }

  const Mode mode_;
  const size_t limit_;
  const int64_t window_;
  std::map<std::string, std::vector<int64_t>> rows_;
  std::map<std::string, Interval> runs_;
  Lines lines_;
};

std::vector<TestRow> random_rows(std::mt19937_64& random, size_t keys) {
  std::vector<TestRow> rows;
  int64_t time = 1'000;
  while (rows.size() < 3000) {
    if (random() % 3 == 0) time += static_cast<int64_t>(random() % (random() % 50 == 0 ? 40 : 4));
    const auto key = std::min(random() % keys, random() % keys);
    rows.push_back({time, {"key " + std::to_string(key) + (key % 2 ? "" : " of more than sixteen bytes")}});
  }
  return rows;
}

TEST(LimitRate, does_as_a_model_does_that_knows_all_rows) {
  for (const auto mode : {Mode::observe, Mode::admit}) {
    for (const uint64_t seed : {1, 2, 3}) {
      std::mt19937_64 random(seed);
      auto settings = settings_of(mode);
      settings.limit = seed == 1 ? 1 : 1 + static_cast<int64_t>(random() % 5);
      const auto rows = random_rows(random, seed == 1 ? 2000 : 20);
      Model model(mode, settings.limit, 10), intervals(mode, settings.limit, 10);
      Lines expected;
      for (const auto& row : rows) {
        const bool blocked = model.is_blocked(row.values[0], row.time);
        expected.push_back("time=" + std::to_string(row.time) + " ip=" + row.values[0] +
                           " blocked=" + (blocked ? "true" : "false"));
        intervals.step(row.values[0], row.time);
      }
      bench_of(settings).expect_however_it_comes(rows, expected, random);
      settings.lateness = seconds(7);
      auto late = bench_of(settings);
      EXPECT_EQ(late.run(DetectorBench::shuffled(rows, 7, random), [&] { return 1 + random() % 50; }, true), expected);

      settings.emit = Emit::intervals;
      auto told = bench_of(settings);
      Lines whole = told.run(rows);
      told.expect_however_it_comes(rows, whole, random);
      EXPECT_EQ(told.run(DetectorBench::shuffled(rows, 7, random), [&] { return 1 + random() % 50; }, true), whole);
      std::sort(whole.begin(), whole.end());
      EXPECT_EQ(whole, intervals.intervals());
      EXPECT_FALSE(whole.empty());
    }
  }
}

TEST(LimitRate, keys_without_rows_for_a_window_are_forgotten) {
  auto settings = settings_of(Mode::observe);
  testkit::FakeHost host;
  const auto made = LimitRate::create(settings, host.host());
  auto bench = bench_of(settings);
  for (int64_t time = 0; time < 20'000; time += 10) {
    auto batch = bench.batch_of({{time, {"a" + std::to_string(time)}}, {time, {"b" + std::to_string(time)}}});
    ASSERT_TRUE((*made)->intercept(batch));
  }
  std::string state;
  ASSERT_TRUE((*made)->save(state));
  EXPECT_LT(state.size(), 50'000u);
}

std::string fault(const std::function<void(LimitRate::Settings&)>& change) {
  testkit::FakeHost host;
  auto settings = settings_of(Mode::observe);
  change(settings);
  const auto made = LimitRate::create(settings, host.host());
  return made ? "none" : made.error().option + ": " + made.error().message;
}

TEST(LimitRate, settings_are_checked) {
  EXPECT_EQ(fault([](auto&) {}), "none");
  EXPECT_EQ(fault([](auto& settings) { settings.keys = {}; }), "keys: a key needs at least one column");
  EXPECT_EQ(fault([](auto& settings) { settings.keys = {"a", "a"}; }), "keys: \"a\" stands in it twice");
  EXPECT_EQ(fault([](auto& settings) { settings.limit = 0; }), "limit: must be 1 to 1073741824");
  EXPECT_EQ(fault([](auto& settings) { settings.window = {}; }), "window: must be 1us or more");
  EXPECT_EQ(fault([](auto& settings) { settings.as = ""; }), "as: a column needs a name");
  EXPECT_EQ(fault([](auto& settings) { settings.as = "ip"; }), "as: \"ip\" is a part of the key");
  EXPECT_EQ(fault([](auto& settings) { settings.time = ""; }), "time: a column needs a name");
}

LEVADA_CONFORMANCE(limit_rate, [] {
  auto tested = testkit::subject("limit_rate",
                                 "keys = [\"a_text\"]\nlimit = 1\nwindow = \"10s\"\ntime = \"a_time\"\nunit = \"s\"");
  tested.bodies = {"one", "two", "one", "", "three"};
  tested.columns = {testkit::value_column<int64_t>("a_time", Type::int64, {1, 1, 5, 7, 30}),
                    testkit::text_column("a_text", {"a", "a", "b", "a text of more than twelve bytes", "a"})};
  tested.other_options = "keys = [\"a_text\"]\nlimit = 2\nwindow = \"10s\"\ntime = \"a_time\"\nunit = \"s\"";
  tested.refused = {{"keys = [\"a\"]\nlimit = 0\nwindow = \"1s\"", "limit"}};
  return tested;
});

LEVADA_CONFORMANCE(limit_rate_intervals, [] {
  auto tested = testkit::subject("limit_rate",
                                 "keys = [\"a_text\"]\nlimit = 1\nwindow = \"10s\"\ntime = \"a_time\"\nunit = \"s\"\n"
                                 "lateness = \"5s\"\nmode = \"admit\"\nemit = \"intervals\"");
  tested.bodies = {"one", "two", "one", "", "three"};
  tested.columns = {testkit::value_column<int64_t>("a_time", Type::int64, {1, 1, 5, 7, 30}),
                    testkit::text_column("a_text", {"a", "a", "b", "a text of more than twelve bytes", "a"})};
  return tested;
});

}  // namespace
}  // namespace levada::limit_rate

// The interceptor `detect_bots` against models that know all requests.
#include "detect_bots.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "analytics/detector_bench.h"
#include "levada/testkit/conformance.h"

namespace levada::detect_bots {
namespace {

using analytics::DetectorBench;
using analytics::Lines;
using analytics::TestRow;
using std::chrono::seconds;

DetectBots::Settings settings_of(WindowKind windows, Emit emit) {
  DetectBots::Settings settings;
  settings.time = "time";
  settings.unit = TimeUnit::s;
  settings.keys = {"ip"};
  settings.window = seconds(60);
  settings.windows = windows;
  settings.category = "url";
  settings.category_after = "c";
  settings.max_rate = 3;
  settings.rate_window = seconds(5);
  settings.max_clicks_over_views = 2;
  settings.max_categories = 3;
  settings.ttl = seconds(50);
  settings.refresh = seconds(0);
  settings.emit = emit;
  return settings;
}

DetectorBench bench_of(const DetectBots::Settings& settings) {
  return DetectorBench({"ip", "type", "url"}, [settings](Host host) -> std::unique_ptr<StatefulInterceptor> {
    auto made = DetectBots::create(settings, host);
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  });
}

TestRow view(int64_t time, const std::string& category, const std::string& ip = "a") {
  return {time, {ip, "view", "https://shop.example/c/" + category + "/p/1"}};
}
TestRow click(int64_t time, const std::string& category) {
  return {time, {"a", "click", "https://shop.example/c/" + category + "?x#y"}};
}

TEST(DetectBots, statistics_of_sliding_windows_end_with_each_request) {
  auto bench = bench_of(settings_of(WindowKind::sliding, Emit::statistics));
  EXPECT_EQ(bench.run({view(100, "x"), click(104, "y"), view(105, "x"), view(161, "x")}),
            (Lines{"kind=statistic ip=a since=40000000 until=100000000 requests=1 clicks=0 views=1 categories=1 rate=1",
                   "kind=statistic ip=a since=44000000 until=104000000 requests=2 clicks=1 views=1 categories=2 rate=2",
                   "kind=statistic ip=a since=45000000 until=105000000 requests=3 clicks=1 views=2 categories=2 rate=2",
                   "kind=statistic ip=a since=101000000 until=161000000 requests=3 clicks=1 views=2 categories=2 "
                   "rate=1"}));
}

TEST(DetectBots, a_statistic_comes_out_again_after_the_refresh) {
  auto settings = settings_of(WindowKind::sliding, Emit::statistics);
  settings.refresh = seconds(10);
  auto bench = bench_of(settings);
  const auto lines = bench.run({view(100, "x"), view(101, "x"), view(109, "x"), view(110, "x"), view(111, "x", "b")});
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_NE(lines[1].find("until=110000000 requests=4"), std::string::npos);
}

TEST(DetectBots, one_is_a_bot_until_the_time_to_live_after_the_last_broken_rule) {
  auto bench = bench_of(settings_of(WindowKind::sliding, Emit::bots));
  EXPECT_EQ(
      bench.run({click(100, "x"), click(110, "x"), click(120, "x"), click(120, "x"), view(150, "x"), view(200, "x")}),
      (Lines{"kind=bot ip=a since=120000000 until=170000000 requests=3 clicks=3 views=0 categories=1 rate=1 "
             "reasons=clicks",
             "kind=bot ip=a since=120000000 until=170000000 requests=4 clicks=4 views=0 categories=1 rate=2 "
             "reasons=clicks",
             "kind=bot ip=a since=120000000 until=200000000 requests=5 clicks=4 views=1 categories=1 rate=1 "
             "reasons=clicks",
             "kind=bot_ended ip=a since=120000000 until=200000000 reasons=clicks"}));
}

TEST(DetectBots, tumbling_windows_lie_one_behind_the_other) {
  auto bench = bench_of(settings_of(WindowKind::tumbling, Emit::all));
  // Two buckets of 5 s: 60 .. 65 with two requests, 115 .. 120 with four.
  EXPECT_EQ(bench.run({view(60, "x"), view(64, "y"), view(115, "z"), view(116, "w"), view(117, "x"), view(119, "x"),
                       view(120, "x", "b")}),
            (Lines{"kind=statistic ip=a since=60000000 until=120000000 requests=6 clicks=0 views=6 categories=4 rate=4",
                   "kind=bot ip=a since=60000000 until=120000000 requests=6 clicks=0 views=6 categories=4 rate=4 "
                   "reasons=rate+categories",
                   "kind=statistic ip=b since=120000000 until=180000000 requests=1 clicks=0 views=1 categories=1 "
                   "rate=1"}));
}

TEST(DetectBots, a_request_without_a_type_or_a_category_counts_as_a_request) {
  auto bench = bench_of(settings_of(WindowKind::tumbling, Emit::statistics));
  EXPECT_EQ(
      bench.run({{60, {"a", "<null>", "<null>"}}, {60, {"a", "buy", "/d/x"}}, {60, {"a", "view", "/c//c/x"}}}),
      Lines{"kind=statistic ip=a since=60000000 until=120000000 requests=3 clicks=0 views=1 categories=1 rate=3"});
}

// What happened, of all rows of a visitor.
struct Model {
  struct Event {
    int64_t time;
    bool click;
    std::string category;
  };
  std::map<std::string, std::vector<Event>> events;

  // The rules that the last event of the visitor breaks.
  std::string add(const TestRow& row) {
    auto& all = events[row.values[0]];
    const auto& url = row.values[2];
    all.push_back({row.time, row.values[1] == "click", url.substr(url.rfind('/') + 1)});
    int64_t rate = 0, difference = 0;
    std::set<std::string> categories;
    for (const auto& event : all) {
      if (row.time - event.time >= 60) continue;
      rate += row.time - event.time < 5;
      difference += event.click ? 1 : -1;
      categories.insert(event.category);
    }
    std::string names;
    if (rate > 3) names += "+rate";
    if (difference > 2) names += "+clicks";
    if (categories.size() > 3) names += "+categories";
    return names.empty() ? names : names.substr(1);
  }
};

std::vector<TestRow> random_rows(std::mt19937_64& random, size_t visitors) {
  std::vector<TestRow> rows;
  for (int64_t time = 1'000; rows.size() < 2'500;
       time += static_cast<int64_t>(random() % 3 * (random() % 100 ? 1 : 40)))
    for (auto count = random() % 4; count > 0; --count) {
      const auto visitor = std::min(random() % visitors, random() % visitors);
      rows.push_back({time,
                      {"visitor " + std::to_string(visitor), random() % (visitor % 3 ? 3 : 2) ? "view" : "click",
                       "/c/" + std::to_string(random() % (1 + visitor % 7))}});
    }
  return rows;
}

TEST(DetectBots, bots_of_sliding_windows_are_those_of_a_model) {
  for (const uint64_t seed : {1, 2, 3}) {
    std::mt19937_64 random(seed);
    auto settings = settings_of(WindowKind::sliding, Emit::all);
    settings.refresh = seconds(seed == 1 ? 0 : 7);
    const auto rows = random_rows(random, seed == 2 ? 1500 : 40);
    struct Found {
      int64_t since, until;
      std::set<std::string> rules;
    };
    std::map<std::string, std::vector<Found>> found;
    Model model;
    for (const auto& row : rows) {
      const auto names = model.add(row);
      if (names.empty()) continue;
      auto& of_visitor = found[row.values[0]];
      if (of_visitor.empty() || of_visitor.back().until < row.time) of_visitor.push_back({row.time, 0, {}});
      of_visitor.back().until = row.time + 50;
      std::stringstream parts(names);
      for (std::string part; std::getline(parts, part, '+');) of_visitor.back().rules.insert(part);
    }
    Lines expected;
    for (const auto& [visitor, all] : found) {
      for (const auto& each : all) {
        std::string names;
        for (const char* name : {"rate", "clicks", "categories"})
          if (each.rules.contains(name)) names += (names.empty() ? "" : "+") + std::string(name);
        expected.push_back("kind=bot_ended ip=" + visitor + " since=" + std::to_string(each.since) +
                           "000000 until=" + std::to_string(each.until) + "000000 reasons=" + names);
      }
    }
    auto bench = bench_of(settings);
    const Lines told = bench.run(rows);
    bench.expect_however_it_comes(rows, told, random);
    settings.lateness = seconds(7);
    auto late = bench_of(settings);
    EXPECT_EQ(late.run(DetectorBench::shuffled(rows, 7, random), [&] { return 1 + random() % 50; }, true), told);
    Lines ended;
    for (const auto& line : told)
      if (line.starts_with("kind=bot_ended")) ended.push_back(line);
    std::sort(ended.begin(), ended.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(ended, expected);
    // Of so many visitors none asks often; they are there to be forgotten.
    EXPECT_EQ(expected.empty(), seed == 2);
  }
}

TEST(DetectBots, tumbling_windows_are_those_of_a_model) {
  std::mt19937_64 random(5);
  auto settings = settings_of(WindowKind::tumbling, Emit::statistics);
  const auto rows = random_rows(random, 40);
  struct Window {
    int64_t requests = 0, clicks = 0;
    std::set<std::string> categories;
    std::map<int64_t, int64_t> buckets;
  };
  std::map<std::pair<int64_t, std::string>, Window> windows;
  for (const auto& row : rows) {
    auto& window = windows[{row.time / 60 * 60, row.values[0]}];
    ++window.requests;
    window.clicks += row.values[1] == "click";
    window.categories.insert(row.values[2]);
    ++window.buckets[row.time / 5];
  }
  Lines expected;
  const auto text = [](auto number) { return std::to_string(number); };
  for (const auto& [key, window] : windows) {
    int64_t rate = 0;
    for (const auto& [bucket, count] : window.buckets) rate = std::max(rate, count);
    expected.push_back("kind=statistic ip=" + key.second + " since=" + text(key.first) +
                       "000000 until=" + text(key.first + 60) + "000000 requests=" + text(window.requests) +
                       " clicks=" + text(window.clicks) + " views=" + text(window.requests - window.clicks) +
                       " categories=" + text(window.categories.size()) + " rate=" + text(rate));
  }
  auto bench = bench_of(settings);
  Lines told = bench.run(rows);
  bench.expect_however_it_comes(rows, told, random);
  std::sort(told.begin(), told.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(told, expected);
}

std::string fault(const std::function<void(DetectBots::Settings&)>& change) {
  testkit::FakeHost host;
  auto settings = settings_of(WindowKind::sliding, Emit::all);
  change(settings);
  const auto made = DetectBots::create(settings, host.host());
  return made ? "none" : made.error().option + ": " + made.error().message;
}

TEST(DetectBots, settings_are_checked) {
  EXPECT_EQ(fault([](auto&) {}), "none");
  EXPECT_EQ(fault([](auto& settings) { settings.keys = {"rate"}; }),
            "keys: \"rate\" is a column of what comes out: rename it first");
  EXPECT_EQ(fault([](auto& settings) { settings.window = {}; }), "window: must be 1us or more");
  EXPECT_EQ(fault([](auto& settings) { settings.rate_window = seconds(61); }),
            "rate_window: must be 1us or more, and not longer than `window`");
  EXPECT_EQ(fault([](auto& settings) { settings.ttl = seconds(-1); }), "ttl: must not be negative");
  EXPECT_EQ(fault([](auto& settings) { settings.refresh = seconds(61); }),
            "refresh: must not be negative, nor longer than `window`");
  EXPECT_EQ(fault([](auto& settings) { settings.category = ""; }),
            "max_categories: needs `category`, which says where categories are");
  EXPECT_EQ(fault([](auto& settings) {
              settings.category = "";
              settings.max_categories.reset();
            }),
            "category_after: needs `category`, the column that it is in");
  EXPECT_EQ(fault([](auto& settings) {
              settings.max_rate = settings.max_clicks_over_views = settings.max_categories = std::nullopt;
            }),
            "emit: without a rule, as `max_rate`, there are no bots: emit = \"statistics\"");
}

testkit::Subject subject_of(const std::string& more) {
  auto tested = testkit::subject("detect_bots",
                                 "keys = [\"a_text\"]\ntime = \"a_time\"\nunit = \"s\"\nlateness = \"3s\"\n"
                                 "window = \"20s\"\nrefresh = \"5s\"\nmax_rate = 1\ncategory = \"body\"\n" +
                                     more);
  tested.bodies = {"one", "two", "one", "", "three"};
  tested.columns = {testkit::value_column<int64_t>("a_time", Type::int64, {1, 1, 5, 7, 30}),
                    testkit::text_column("a_text", {"a", "a", "b", "a text of more than twelve bytes", "a"})};
  tested.other_options = "keys = [\"another\"]\nmax_rate = 1\nwindow = \"20s\"\nrefresh = \"5s\"";
  tested.refused = {{"refresh = \"11m\"\nmax_rate = 1", "refresh"}};
  return tested;
}

LEVADA_CONFORMANCE(detect_bots_sliding, [] { return subject_of(""); });
LEVADA_CONFORMANCE(detect_bots_tumbling, [] { return subject_of("windows = \"tumbling\""); });

}  // namespace
}  // namespace levada::detect_bots

// Moving windows: what each row is given, to the microsecond, whatever way rows come.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <tuple>

#include "levada/testkit/conformance.h"
#include "window_bench.h"

namespace levada::window {
namespace {

class MovingTest : public WindowBench {
 protected:
  MovingTest() {
    settings_.unit = TimeUnit::us;
    settings_.size = std::nullopt;
    settings_.moving = seconds(10);
    settings_.aggregates = {{"rows", "count"}, {"sum", "sum(value)"}};
  }
};

TEST_F(MovingTest, each_row_has_what_its_key_did_in_the_time_before) {
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {101, "b", 2}, {102, "a", 3}}),
            (Texts{"100 a 1 1 1", "101 b 2 1 2", "102 a 3 2 4"}));
  EXPECT_EQ(take(*window, {{103, "a", 4}}), Texts{"103 a 4 3 8"});
  EXPECT_EQ(rest(*window), Texts{});
}

TEST_F(MovingTest, a_row_leaves_to_the_microsecond) {
  settings_.keys = {};
  const auto window = make();
  EXPECT_EQ(take(*window, {{0, "", 1}, {9'999'999, "", 2}, {10'000'000, "", 4}, {10'000'001, "", 8}}),
            (Texts{"0  1 1 1", "9999999  2 2 3", "10000000  4 2 6", "10000001  8 3 14"}));
  EXPECT_EQ(take(*window, {{19'999'998, "", 16}, {19'999'999, "", 32}, {40'000'000, "", 64}}),
            (Texts{"19999998  16 4 30", "19999999  32 4 60", "40000000  64 1 64"}));
}

TEST_F(MovingTest, rows_of_one_time_count_in_the_order_in_which_they_are_given) {
  const auto window = make();
  EXPECT_EQ(take(*window, {{5, "a", 1}, {5, "a", 2}, {5, "a", 4}}), (Texts{"5 a 1 1 1", "5 a 2 2 3", "5 a 4 3 7"}));
}

TEST_F(MovingTest, rows_wait_for_older_ones_and_come_in_the_order_of_time) {
  settings_.lateness = std::chrono::microseconds(10);
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {95, "a", 2}, {105, "a", 4}}), Texts{"95 a 2 1 2"});
  EXPECT_EQ(take(*window, {{120, "a", 8}, {99, "a", 16}}), (Texts{"100 a 1 2 3", "105 a 4 3 7"}));
  EXPECT_EQ(host_.count("rows_late"), 1);
  EXPECT_EQ(rest(*window), Texts{"120 a 8 4 15"});
}

TEST_F(MovingTest, keeps_the_other_columns_and_takes_the_place_of_one_of_its_name) {
  settings_.aggregates = {{"value", "sum(value)"}, {"least", "min(key)"}};
  const auto window = make();
  EXPECT_EQ(take(*window, {{1, "a", 1}, {2, "a", 2}}), (Texts{"1 a 1 a", "2 a 3 a"}));
}

TEST_F(MovingTest, gives_only_rows_that_meet_the_condition) {
  settings_.having = "rows > 1";
  const auto window = make();
  EXPECT_EQ(take(*window, {{1, "a", 1}, {2, "a", 2}, {3, "b", 2}}), Texts{"2 a 2 2 3"});
}

TEST_F(MovingTest, without_room_a_row_has_no_aggregates_and_no_later_one_has_wrong_ones) {
  settings_.memory_bytes = Size{1 << 20};
  const auto window = make();
  std::map<std::string, std::vector<int64_t>> times;
  int64_t nulls = 0, time = 0;
  for (int64_t round = 0; round < 40; ++round) {
    std::vector<Row> rows;
    for (int64_t row = 0; row < 1000; ++row) {
      time += round % 20 < 10 ? 1 : 20'000;
      rows.push_back({time, "a key that is long, number " + std::to_string(row), 1});
    }
    const auto given = take(*window, rows);
    ASSERT_EQ(given.size(), rows.size());
    for (size_t row = 0; row < rows.size(); ++row) {
      auto& all = times[rows[row].key];
      all.push_back(rows[row].time);
      std::erase_if(all, [&](int64_t before) { return before <= rows[row].time - 10'000'000; });
      const auto own = std::to_string(rows[row].time) + ' ' + rows[row].key + " 1 ";
      const bool null = given[row] == own + "<null> <null>";
      nulls += null;
      const auto exact = own + std::to_string(all.size()) + ' ' + std::to_string(all.size());
      ASSERT_TRUE(null || given[row] == exact) << given[row] << " is not " << exact;
    }
  }
  EXPECT_GT(host_.count("rows_without_room"), 0);
  EXPECT_GE(nulls, host_.count("rows_without_room"));
  EXPECT_LT(nulls, 35'000);
}

TEST_F(MovingTest, keys_that_are_over_take_no_memory) {
  settings_.memory_bytes = Size{4 << 20};
  settings_.aggregates = {{"rows", "count"}, {"text", "max(key)"}};
  const auto window = make();
  int64_t time = 0;
  for (int64_t round = 0; round < 200; ++round) {
    std::vector<Row> rows;
    for (int64_t row = 0; row < 1000; ++row)
      rows.push_back({time += 5000, "a visitor with the long number " + std::to_string(time), time});
    take(*window, rows);
  }
  EXPECT_EQ(host_.count("rows_without_room"), 0);
  EXPECT_LT(saved(*window).size(), 1'500'000u);
}

TEST_F(MovingTest, refuses_a_state_of_other_options) {
  expect_other_windows_refused(&WindowInterceptor::Settings::moving);
}

TEST_F(MovingTest, settings_are_checked) {
  EXPECT_EQ(fault(), "none");
  settings_.early = seconds(1);
  EXPECT_EQ(fault(), "early: is not for `moving`: its rows are given one by one");
  settings_.early = std::nullopt;
  settings_.late = Late::update;
  EXPECT_EQ(fault(), "late: \"update\" is not for `moving`: its rows are given one by one");
  settings_.late = Late::drop;
  settings_.aggregates = {{"p", "distinct_approximate(value)"}};
  EXPECT_EQ(fault(), "aggregates.p: is not for `moving`: distinct counts exactly there");
}

class MovingModelTest : public MovingTest, public testing::WithParamInterface<int> {};

TEST_P(MovingModelTest, gives_the_same_whatever_way_rows_come) {
  const int64_t span = GetParam();
  settings_.moving = std::chrono::microseconds(span * 1000);
  settings_.lateness = std::chrono::microseconds(20'000);
  settings_.streams = 3;
  settings_.aggregates = {{"rows", "count"},       {"sum", "sum(value)"},  {"large", "count_if(value >= 50)"},
                          {"least", "min(value)"}, {"most", "max(value)"}, {"first", "first(value)"},
                          {"last", "last(value)"}, {"text", "max(other)"}, {"half", "sum(value) / 2"}};
  std::mt19937_64 random(static_cast<uint64_t>(span));
  struct Ordered {
    int64_t time;
    std::string stream;
    size_t arrival;
    Row row;
  };
  std::map<std::string, std::vector<Row>> streams;
  std::vector<Ordered> all;
  for (const auto* stream : {"a", "b", "c"})
    for (int64_t row = 0; row < 500; ++row) {
      const auto key = random() % 10 == 0 ? std::to_string(random()) : "k" + std::to_string(random() % 6);
      Row made{1000 * (row - 200 - static_cast<int64_t>(random() % 21)), key, static_cast<int64_t>(random() % 100)};
      if (random() % 20 == 0) made.value = kNull;
      all.push_back({made.time, stream, static_cast<size_t>(row), made});
      streams[stream].push_back(made);
    }
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) {
    return std::tie(a.time, a.stream, a.arrival) < std::tie(b.time, b.stream, b.arrival);
  });
  Texts expected;
  for (size_t at = 0; at < all.size(); ++at) {
    const auto& own = all[at].row;
    std::vector<Row> window;
    for (size_t before = 0; before <= at; ++before)
      if (all[before].row.key == own.key && all[before].time > own.time - span * 1000)
        window.push_back(all[before].row);
    const auto number = [](int64_t value) { return value == kNull ? std::string("<null>") : std::to_string(value); };
    auto text =
        std::to_string(own.time) + ' ' + own.key + ' ' + number(own.value) + ' ' + std::to_string(window.size());
    std::erase_if(window, [](const Row& row) { return row.value == kNull; });
    int64_t sum = 0, large = 0, least = INT64_MAX, most = INT64_MIN;
    std::pair<int64_t, int64_t> first{INT64_MAX, 0}, last{INT64_MIN, 0};
    for (const auto& row : window) {
      sum += row.value;
      large += row.value >= 50;
      least = std::min(least, row.value);
      most = std::max(most, row.value);
      first = std::min(first, {row.time, row.value});
      last = std::max(last, {row.time, row.value});
    }
    if (window.empty()) {
      text += " <null> 0 <null> <null> <null> <null> <null> <null>";
    } else {
      text += ' ' + number(sum) + ' ' + number(large) + ' ' + number(least) + ' ' + number(most) + ' ' +
              number(first.second) + ' ' + number(last.second) + " <null> " + number(sum / 2) + (sum % 2 ? ".5" : "");
    }
    expected.push_back(text);
  }
  for (int round = 0; round < 5; ++round) {
    auto window = make();
    Texts given;
    std::map<std::string, size_t> next;
    while (next["a"] + next["b"] + next["c"] < 1500) {
      const std::string stream(1, "abc"[random() % 3]);
      auto& from = next[stream];
      const auto to = std::min<size_t>(500, from + random() % (round == 0 ? 3 : 60));
      const auto more = take(*window,
                             {streams[stream].begin() + static_cast<std::ptrdiff_t>(from),
                              streams[stream].begin() + static_cast<std::ptrdiff_t>(to)},
                             stream);
      given.insert(given.end(), more.begin(), more.end());
      from = to;
      if (round > 1 && random() % 4) continue;
      const auto state = saved(*window);
      window = make();
      ASSERT_TRUE(window->load(state));
      ASSERT_EQ(saved(*window), state);
    }
    const auto more = rest(*window);
    given.insert(given.end(), more.begin(), more.end());
    ASSERT_EQ(given, expected) << "round " << round;
  }
  EXPECT_EQ(host_.count("rows_late"), 0);
}

INSTANTIATE_TEST_SUITE_P(Spans, MovingModelTest, testing::Values(1, 7, 50, 10'000));

LEVADA_CONFORMANCE(moving, [] {
  auto tested = testkit::subject("window",
                                 "time = \"a_time\"\nmoving = \"1h\"\nkeys = [\"a_text\"]\n"
                                 "aggregates = { rows = \"count\", least = \"min(body)\", sum = \"sum(a_number)\" }");
  tested.bodies = {"one", "two that is longer than twelve bytes", "one", "", "one", ""};
  tested.columns = {value_column<int64_t>("a_time", Type::timestamp, {0, 1'000'000, 7'200'000'000, 7'200'000'005}),
                    text_column("a_text", {"x", "", "y"}), value_column<int64_t>("a_number", Type::int64, {1, -2, 3})};
  tested.other_options = "time = \"a_time\"\nmoving = \"2h\"";
  tested.refused = {{"moving = \"0s\"", "moving"},
                    {"moving = \"1s\"\naggregates = { a = \"distinct_approximate(b)\" }", "aggregates.a"}};
  return tested;
});

}  // namespace
}  // namespace levada::window

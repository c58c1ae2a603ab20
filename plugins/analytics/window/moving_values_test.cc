// Moving windows of aggregates that count values: distinct, quantile and top, against all values of
// each window.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "levada/testkit/conformance.h"
#include "sorted_values.h"
#include "window_bench.h"

namespace levada::window {
namespace {

class MovingValuesTest : public WindowBench {
 protected:
  MovingValuesTest() {
    settings_.unit = TimeUnit::us;
    settings_.size = std::nullopt;
    settings_.moving = seconds(10);
  }
};

TEST_F(MovingValuesTest, values_count_while_a_row_with_them_is_in_the_window) {
  settings_.aggregates = {{"values", "distinct(value)"}, {"half", "quantile(value, 0.5)"}, {"most", "top(value, 1)"}};
  const auto window = make();
  EXPECT_EQ(take(*window, {{0, "a", 1}, {1, "a", 4}, {2, "a", 4}, {3, "b", 7}, {9'999'999, "a", kNull}}),
            (Texts{R"(0 a 1 1 1 [{"value":1,"count":1}])", R"(1 a 4 2 2.5 [{"value":1,"count":1}])",
                   R"(2 a 4 2 4 [{"value":4,"count":2}])", R"(3 b 7 1 7 [{"value":7,"count":1}])",
                   R"(9999999 a <null> 2 4 [{"value":4,"count":2}])"}));
  EXPECT_EQ(take(*window, {{10'000'000, "a", 9}, {10'000'001, "a", 5}, {30'000'000, "a", kNull}}),
            (Texts{R"(10000000 a 9 2 4 [{"value":4,"count":2}])", R"(10000001 a 5 3 5 [{"value":4,"count":1}])",
                   "30000000 a <null> 0 <null> []"}));
}

TEST_F(MovingValuesTest, stand_in_the_order_in_which_they_were_written) {
  settings_.aggregates = {{"rows", "count"}, {"values", "distinct(value)"}, {"sum", "sum(value)"}};
  settings_.having = "values > 1";
  const auto window = make();
  EXPECT_EQ(take(*window, {{1, "a", 5}, {2, "a", 5}, {3, "a", 6}}), Texts{"3 a 6 3 2 16"});
}

TEST_F(MovingValuesTest, no_number_and_numbers_without_end_are_values_too) {
  settings_.aggregates = {{"third", "quantile(number, 0.25)"}, {"most", "quantile(number, 1)"}};
  settings_.keys = {};
  const auto window = make();
  constexpr double kInfinity = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();
  Batch batch = batch_of(std::vector<Row>(6, Row{1, "a", 1}));
  batch.set(value_column<double>("number", Type::float64, {-0.0, -kInfinity, kNan, 0.0, 4.0, kInfinity}));
  ASSERT_TRUE(window->intercept(batch));
  const auto* third = batch.find("third")->values<double>();
  const auto* most = batch.find("most")->values<double>();
  EXPECT_EQ(std::vector(third, third + 6), (std::vector<double>{0, -kInfinity, -kInfinity, -kInfinity, -kInfinity, 0}));
  EXPECT_EQ(std::vector(most, most + 6), (std::vector<double>{0, 0, 0, 0, 4, kInfinity}));
}

TEST_F(MovingValuesTest, without_room_a_row_has_no_aggregates_and_no_later_one_has_wrong_ones) {
  settings_.memory_bytes = Size{2 << 20};
  settings_.aggregates = {{"values", "distinct(value)"}, {"half", "quantile(value, 0)"}, {"most", "top(value, 1)"}};
  const auto window = make();
  std::map<std::string, std::map<int64_t, int64_t>> all;  // The values of a key, by time.
  int64_t nulls = 0, time = 0;
  for (int64_t round = 0; round < 40; ++round) {
    std::vector<Row> rows;
    for (int64_t row = 0; row < 1000; ++row) {
      time += round % 20 < 10 ? 1 : 20'000;
      rows.push_back({time, "key " + std::to_string(row), time});
    }
    const auto given = take(*window, rows);
    ASSERT_EQ(given.size(), rows.size());
    for (size_t at = 0; at < rows.size(); ++at) {
      const auto& row = rows[at];
      auto& values = all[row.key];
      values[row.time] = row.value;
      values.erase(values.begin(), values.upper_bound(row.time - 10'000'000));
      const auto own = std::to_string(row.time) + ' ' + row.key + ' ' + std::to_string(row.value) + ' ';
      const auto least = std::to_string(values.begin()->second);
      const bool null = given[at] == own + "<null> <null> <null>";
      nulls += null;
      if (null) continue;
      ASSERT_TRUE(given[at].starts_with(own + std::to_string(values.size()) + ' ')) << given[at];
      ASSERT_TRUE(given[at].ends_with(" [{\"value\":" + least + ",\"count\":1}]")) << given[at];
    }
  }
  EXPECT_GT(host_.count("rows_without_room"), 0);
  EXPECT_GE(nulls, host_.count("rows_without_room"));
  EXPECT_LT(nulls, 35'000);
}

TEST_F(MovingValuesTest, values_and_keys_that_are_over_take_no_memory) {
  settings_.memory_bytes = Size{8 << 20};
  settings_.aggregates = {{"values", "distinct(value)"}, {"half", "quantile(value, 0.5)"}, {"most", "top(value, 3)"}};
  for (const bool keys : {true, false}) {
    if (!keys) settings_.keys = {};
    const auto window = make();
    int64_t time = 0;
    for (int64_t round = 0; round < 100; ++round) {
      std::vector<Row> rows;
      for (int64_t row = 0; row < 1000; ++row)
        rows.push_back({time += 5000, "a visitor with the long number " + std::to_string(time), time});
      take(*window, rows);
    }
    EXPECT_EQ(host_.count("rows_without_room"), 0);
    EXPECT_LT(saved(*window).size(), 2'000'000u);
  }
}

// The aggregates of the values of a window, worked out from all of them.
template <class Value>
std::string top_of(const std::vector<Value>& values, size_t most, const std::string& quote) {
  std::map<Value, int64_t> counts;
  for (const auto& value : values) ++counts[value];
  std::vector<std::pair<int64_t, Value>> order;
  for (const auto& [value, count] : counts) order.emplace_back(-count, value);
  std::sort(order.begin(), order.end());
  std::ostringstream text;
  for (size_t at = 0; at < std::min(most, order.size()); ++at)
    text << (at == 0 ? "" : ",") << "{\"value\":" << quote << order[at].second << quote
         << ",\"count\":" << -order[at].first << '}';
  return '[' + text.str() + ']';
}
std::string quantile_of(std::vector<int64_t> values, double share) {
  if (values.empty()) return "<null>";
  std::sort(values.begin(), values.end());
  const double rank = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(rank), above = std::min(below + 1, values.size() - 1);
  const double part = rank - static_cast<double>(below);
  std::ostringstream text;
  text << static_cast<double>(values[below]) * (1 - part) + static_cast<double>(values[above]) * part;
  return text.str();
}

class MovingValuesModelTest : public MovingValuesTest, public testing::WithParamInterface<int> {};

TEST_P(MovingValuesModelTest, are_those_of_all_values_of_each_window_whatever_way_rows_come) {
  const int64_t span = GetParam();
  settings_.moving = std::chrono::microseconds(span * 1000);
  settings_.lateness = std::chrono::microseconds(20'000);
  settings_.aggregates = {{"values", "distinct(value)"},
                          {"quarter", "quantile(value, 0.25)"},
                          {"top", "top(value, 3)"},
                          {"one", "top(value, 1)"},
                          {"rows", "count"},
                          {"keys", "distinct(key)"},
                          {"names", "top(key, 2)"}};
  std::mt19937_64 random(static_cast<uint64_t>(span));
  for (const bool by_key : {true, false}) {
    settings_.keys = by_key ? std::vector<std::string>{"key"} : std::vector<std::string>{};
    std::vector<Row> rows;
    for (int64_t row = 0; row < 1500; ++row) {
      const auto key = random() % 10 == 0 ? std::to_string(random()) : "k" + std::to_string(random() % 6);
      const uint64_t values = row % 500 < 100 ? 2 : row % 500 < 300 ? 1000 : 20;
      rows.push_back({1000 * (row - 200) + static_cast<int64_t>(random() % 15'000), random() % 40 == 0 ? "<null>" : key,
                      static_cast<int64_t>(random() % values)});
      if (random() % 20 == 0) rows.back().value = kNull;
    }
    auto order = rows;
    std::stable_sort(order.begin(), order.end(), [](auto& a, auto& b) { return a.time < b.time; });
    Texts expected;
    for (size_t at = 0; at < order.size(); ++at) {
      const auto& own = order[at];
      std::vector<int64_t> values;
      std::vector<std::string> keys;
      int64_t count = 0;
      for (size_t before = 0; before <= at; ++before) {
        const auto& row = order[before];
        if ((by_key && row.key != own.key) || row.time <= own.time - span * 1000) continue;
        ++count;
        if (row.value != kNull) values.push_back(row.value);
        if (row.key != "<null>") keys.push_back(row.key);
      }
      std::ostringstream text;
      text << own.time << ' ' << own.key << ' ' << (own.value == kNull ? "<null>" : std::to_string(own.value)) << ' '
           << std::set(values.begin(), values.end()).size() << ' ' << quantile_of(values, 0.25) << ' '
           << top_of(values, 3, "") << ' ' << top_of(values, 1, "") << ' ' << count << ' '
           << std::set(keys.begin(), keys.end()).size() << ' ' << top_of(keys, 2, "\"");
      expected.push_back(text.str());
    }
    for (int round = 0; round < 4; ++round) {
      auto window = make();
      Texts given;
      for (size_t from = 0; from < rows.size();) {
        const size_t to = std::min(rows.size(), from + 1 + random() % (round == 0 ? 3 : 60));
        const auto more = take(*window, {rows.begin() + static_cast<std::ptrdiff_t>(from),
                                         rows.begin() + static_cast<std::ptrdiff_t>(to)});
        given.insert(given.end(), more.begin(), more.end());
        from = to;
        if (round < 2 || random() % 4) continue;
        const auto state = saved(*window);
        window = make();
        ASSERT_TRUE(window->load(state));
        ASSERT_EQ(saved(*window), state);
      }
      const auto more = rest(*window);
      given.insert(given.end(), more.begin(), more.end());
      ASSERT_EQ(given, expected) << "round " << round;
    }
  }
  EXPECT_EQ(host_.count("rows_late"), 0);
}

INSTANTIATE_TEST_SUITE_P(Spans, MovingValuesModelTest, testing::Values(1, 7, 50, 400, 10'000));

TEST(SortedValues, are_as_all_of_them_sorted) {
  std::mt19937_64 random(9);
  SortedValues values;
  std::multiset<double> expected;
  std::vector<double> order;
  for (int step = 0; step < 20'000; ++step) {
    const auto value = static_cast<double>(random() % 3000);
    // They become many, and few again.
    if (random() % 100 < (step < 10'000 ? 70u : 25u) || expected.empty()) {
      values.add(value);
      expected.insert(value);
    } else {
      auto one = expected.lower_bound(value);
      if (one == expected.end()) --one;
      values.remove(*one);
      expected.erase(one);
    }
    ASSERT_EQ(values.size(), expected.size());
    if (step % 500) continue;
    order.assign(expected.begin(), expected.end());
    for (size_t rank = 0; rank < order.size(); ++rank) ASSERT_EQ(values[rank], order[rank]);
  }
  for (const double value : std::vector(expected.begin(), expected.end())) values.remove(value);
  EXPECT_EQ(values.size(), 0u);
  EXPECT_LE(values.bytes(), 2000u);
}

LEVADA_CONFORMANCE(moving_values, [] {
  auto tested = testkit::subject("window",
                                 "time = \"a_time\"\nmoving = \"1h\"\nkeys = [\"a_text\"]\naggregates = { "
                                 "bodies = \"distinct(body)\", half = \"quantile(a_number, 0.5)\", "
                                 "rows = \"count\", most = \"top(body, 2)\" }");
  tested.bodies = {"one", "two that is longer than twelve bytes", "one", "", "one", ""};
  tested.columns = {value_column<int64_t>("a_time", Type::timestamp, {0, 1'000'000, 7'200'000'000, 7'200'000'005}),
                    text_column("a_text", {"x", "", "y"}), value_column<int64_t>("a_number", Type::int64, {1, -2, 3})};
  tested.other_options = "time = \"a_time\"\nmoving = \"2h\"";
  tested.refused = {{"moving = \"1s\"\naggregates = { a = \"distinct_approximate(b)\" }", "aggregates.a"}};
  return tested;
});

}  // namespace
}  // namespace levada::window

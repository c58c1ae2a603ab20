// The interceptor `window`: what it gives, in which order, whatever way rows come.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "levada/row_keys.h"
#include "levada/saved_state.h"
#include "levada/testkit/conformance.h"
#include "shape.h"
#include "window_bench.h"

namespace levada::window {
namespace {

class WindowTest : public WindowBench {};

TEST_F(WindowTest, gives_a_window_once_a_later_row_says_that_it_is_over) {
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "b", 1}, {105, "a", 2}, {109, "b", 3}}), Texts{});
  EXPECT_EQ(take(*window, {{110, "a", 4}}), (Texts{"100 a 1", "100 b 2"}));
  EXPECT_EQ(take(*window, {{131, "c", 4}}), (Texts{"110 a 1"}));
  EXPECT_EQ(window->deadline(), std::chrono::nanoseconds::max());
  EXPECT_EQ(rest(*window, false), Texts{});
  EXPECT_EQ(rest(*window), Texts{"130 c 1"});
  EXPECT_EQ(rest(*window), Texts{});
}

TEST_F(WindowTest, names_the_window_by_its_times) {
  const auto window = make();
  take(*window, {{100, "a", 1}});
  const auto given = window->advance({}, true);
  ASSERT_TRUE(given);
  EXPECT_EQ(texts(*given, "window_start"), Texts{"100000000"});
  EXPECT_EQ(texts(*given, "window_end"), Texts{"110000000"});
  EXPECT_EQ(given->find("window_end")->type(), Type::timestamp);
  settings_.window_start = settings_.window_end = "";
  const auto without = make();
  take(*without, {{100, "a", 1}});
  EXPECT_EQ(rest(*without), Texts{"a 1"});
}

TEST_F(WindowTest, waits_for_late_rows_as_long_as_it_is_told) {
  settings_.lateness = seconds(5);
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {114, "a", 1}, {109, "a", 1}}), Texts{});
  auto batch = batch_of(std::vector<Row>{{115, "a", 1}, {109, "late", 1}, {110, "a", 1}});
  ASSERT_TRUE(window->intercept(batch));
  EXPECT_EQ(lines(batch), Texts{"100 a 2"});
  ASSERT_EQ(batch.rejections().size(), 1u);
  EXPECT_EQ(batch.rejections()[0].row, 1);
  EXPECT_EQ(batch.rejections()[0].reason, "the row is late: its window is over");
  EXPECT_EQ(host_.count("rows_late"), 1);
  EXPECT_EQ(rest(*window), Texts{"110 a 3"});
  settings_.late = Late::drop;
  const auto dropping = make();
  auto dropped = batch_of(std::vector<Row>{{115, "a", 1}, {99, "a", 1}});
  ASSERT_TRUE(dropping->intercept(dropped));
  EXPECT_TRUE(dropped.rejections().empty());
  EXPECT_EQ(host_.count("rows_late"), 2);
  EXPECT_EQ(rest(*dropping), Texts{"110 a 1"});
}

TEST_F(WindowTest, a_row_is_in_every_sliding_window_that_holds_its_time) {
  settings_.slide = seconds(5);
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "b", 1}, {107, "a", 1}}), Texts{"95 b 1"});
  EXPECT_EQ(take(*window, {{112, "a", 1}}), (Texts{"100 a 1", "100 b 1"}));
  EXPECT_EQ(rest(*window), (Texts{"105 a 2", "110 a 1"}));
}

TEST_F(WindowTest, windows_may_slide_by_a_part_that_does_not_divide_them) {
  settings_.slide = seconds(4);
  const auto window = make();
  EXPECT_EQ(take(*window, {{0, "a", 1}, {9, "a", 1}, {30, "a", 1}}),
            (Texts{"-8 a 1", "-4 a 1", "0 a 2", "4 a 1", "8 a 1"}));
  EXPECT_EQ(rest(*window), (Texts{"24 a 1", "28 a 1"}));
}

// Of as many keys as make those that are gone be forgotten often, with a restart on the way.
TEST_F(WindowTest, sliding_windows_count_keys_that_come_and_go) {
  settings_.slide = seconds(2);
  settings_.aggregates = {{"sum", "sum(value)"}, {"rows", "count"}};
  settings_.having = "rows > 1";
  auto window = make();
  std::map<int64_t, std::map<std::string, std::pair<int64_t, int64_t>>> expected;  // By window and key.
  Texts given, wanted;
  std::mt19937 random(11);
  for (int64_t time = 100; time < 160; time += 2) {
    std::vector<Row> rows;
    for (int row = 0; row < 1000; ++row) {
      rows.push_back({time + row % 2, std::to_string(time * 100 + static_cast<int64_t>(random() % 1500)), row});
      for (int64_t start = time - 8; start <= time; start += 2) {
        auto& [sum, count] = expected[start][rows.back().key];
        sum += row;
        ++count;
      }
    }
    const auto more = take(*window, std::move(rows));
    given.insert(given.end(), more.begin(), more.end());
    if (time != 130) continue;
    const auto state = saved(*window);
    window = make();
    ASSERT_TRUE(window->load(state));
  }
  const auto last = rest(*window);
  given.insert(given.end(), last.begin(), last.end());
  for (const auto& [start, keys] : expected)
    for (const auto& [key, value] : keys)
      if (value.second > 1)
        wanted.push_back(std::to_string(start) + ' ' + key + ' ' + std::to_string(value.first) + ' ' +
                         std::to_string(value.second));
  EXPECT_EQ(given, wanted);
}

TEST_F(WindowTest, sliding_windows_give_back_the_room_of_keys_that_are_gone) {
  settings_.slide = seconds(2);
  settings_.memory_bytes = Size{2 << 20};
  const auto window = make();
  for (int64_t time = 100; time < 1100; time += 2) {
    std::vector<Row> rows;
    for (int64_t row = 0; row < 400; ++row)
      rows.push_back({time, "a key for once " + std::to_string(time * 1000 + row), 1});
    auto batch = batch_of(rows);
    ASSERT_TRUE(window->intercept(batch));
    ASSERT_TRUE(batch.rejections().empty()) << time;
  }
  EXPECT_EQ(rest(*window).size(), (5u + 4 + 3 + 2 + 1) * 400);
}

TEST_F(WindowTest, times_before_1970_have_windows_too) {
  const auto window = make();
  EXPECT_EQ(take(*window, {{-1, "a", 1}, {-10, "a", 1}, {0, "a", 1}}), Texts{"-10 a 2"});
  EXPECT_EQ(rest(*window), Texts{"0 a 1"});
}

TEST_F(WindowTest, without_keys_all_rows_are_of_one) {
  settings_.keys = {};
  const auto window = make();
  take(*window, {{100, "a", 1}, {101, "b", 1}});
  EXPECT_EQ(rest(*window), Texts{"100 2"});
}

TEST_F(WindowTest, gives_only_rows_that_meet_the_condition) {
  settings_.having = "rows > 1 and key != 'c'";
  const auto window = make();
  take(*window, {{100, "a", 1}, {101, "b", 1}, {102, "b", 1}, {103, "c", 1}, {104, "c", 1}});
  EXPECT_EQ(rest(*window), Texts{"100 b 2"});
}

TEST_F(WindowTest, a_row_of_a_clock_that_jumps_has_its_window_and_closes_no_other) {
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {100'000, "b", 1}, {109, "a", 1}}), Texts{});
  EXPECT_EQ(host_.count("rows_ahead"), 1);
  EXPECT_EQ(take(*window, {{110, "a", 1}}), Texts{"100 a 2"});
  EXPECT_EQ(rest(*window), (Texts{"110 a 1", "100000 b 1"}));
  EXPECT_EQ(host_.count("rows_ahead"), 1);
}

TEST_F(WindowTest, rejects_rows_without_a_time) {
  const auto window = make();
  auto batch = batch_of(std::vector<Row>{{100, "a", 1}, {int64_t{1} << 60, "a", 1}});
  batch.set(value_column<int64_t>("time", Type::int64, {100, int64_t{1} << 60}));
  ASSERT_TRUE(window->intercept(batch));
  ASSERT_EQ(batch.rejections().size(), 1u);
  EXPECT_EQ(batch.rejections()[0].row, 1);
  EXPECT_EQ(rest(*window), Texts{"100 a 1"});
}

TEST_F(WindowTest, rejects_keys_that_have_no_room_and_counts_on_for_those_it_has) {
  settings_.memory_bytes = Size{1 << 20};
  const auto window = make();
  int64_t rejected = 0, counted = 0;
  for (int64_t round = 0; round < 2; ++round)
    for (int64_t first = 0; first < 40'000; first += 1000) {
      std::vector<Row> rows;
      for (int64_t row = 0; row < 1000; ++row) rows.push_back({100, "key number " + std::to_string(first + row), 1});
      auto batch = batch_of(rows);
      ASSERT_TRUE(window->intercept(batch));
      rejected += static_cast<int64_t>(batch.rejections().size());
    }
  EXPECT_GT(rejected, 0);
  EXPECT_EQ(host_.count("rows_without_room"), rejected);
  for (const auto& line : rest(*window)) counted += line.back() - '0';
  EXPECT_EQ(counted + rejected, 80'000);
}

TEST_F(WindowTest, a_large_window_comes_in_several_batches_also_after_a_restart) { expect_many_keys_in_batches(); }

TEST_F(WindowTest, keys_of_other_types_come_in_batches_of_their_own) {
  const auto window = make();
  take(*window, {{100, "a", 1}});
  auto numbers = batch_of(std::vector<Row>{{110, "", 1}, {120, "", 1}});
  numbers.set(value_column<int64_t>("key", Type::int64, {7, std::nullopt}));
  ASSERT_TRUE(window->intercept(numbers));
  EXPECT_EQ(lines(numbers), Texts{"100 a 1"});
  EXPECT_EQ(rest(*window), (Texts{"110 7 1", "120 <null> 1"}));
}

TEST_F(WindowTest, refuses_a_state_of_other_options) {
  const auto window = make();
  take(*window, {{100, "a", 1}});
  const auto state = saved(*window);
  settings_.having = "rows > 0";
  EXPECT_TRUE(make()->load(state));
  settings_.aggregates = {{"rows", "sum(value)"}};
  EXPECT_EQ(make()->load(state).code(), Code::reject);
  EXPECT_EQ(window->load("rubbish").code(), Code::fatal);
  EXPECT_EQ(saved(*window), state);
}

// Whoever has to change this gives the format another name, so that what was saved before is
// refused.
std::string known_state(std::string_view kind, int64_t slide) {
  constexpr int64_t kNone = INT64_MIN;
  std::string state;
  StateWriter to(state, kind, "size 10000000, slide " + std::to_string(slide) + ", keys \"key\", aggregates \"count\"");
  to.value(kNone);  // Closed, waited, streams.
  to.value(false);
  to.value(uint64_t{1});
  to.text("");
  to.value(int64_t{105'000'000});
  to.value(kNone);
  to.value(int32_t{1});
  to.value(int32_t{0});
  to.value(kNone);  // Given, panes.
  to.value(uint64_t{1});
  to.value(int64_t{100'000'000});
  to.value(uint64_t{1});
  to.value(Key::kText);
  to.number(1);
  to.bytes("a", 1);
  to.number(3);
  to.value(kNone);  // Being given.
  to.value(uint64_t{0});
  to.finish();
  return state;
}

TEST_F(WindowTest, saves_its_state_in_a_format_that_stays_as_it_is) {
  const auto window = make();
  ASSERT_TRUE(window->load(known_state("window 2", 10'000'000)));
  EXPECT_EQ(saved(*window), known_state("window 2", 10'000'000));
  EXPECT_EQ(rest(*window), Texts{"100 a 3"});
}

TEST_F(WindowTest, that_of_sliding_windows_stays_as_it_is_too) {
  settings_.slide = seconds(5);
  const auto window = make();
  ASSERT_TRUE(window->load(known_state("sliding window 1", 5'000'000)));
  EXPECT_EQ(saved(*window), known_state("sliding window 1", 5'000'000));
  EXPECT_EQ(rest(*window), (Texts{"95 a 3", "100 a 3"}));
}

TEST_F(WindowTest, settings_are_checked) {
  EXPECT_EQ(fault(), "none");
  settings_.size = seconds(0);
  EXPECT_EQ(fault(), "size: must be from 1ms to 366d");
  settings_.size = std::nullopt;
  EXPECT_EQ(fault(), "size: one of `size`, `gap` (sessions) and `moving` must be set, and only one");
  settings_.size = seconds(10);
  settings_.slide = seconds(11);
  EXPECT_EQ(fault(), "slide: must not be longer than a window");
  settings_.slide = std::nullopt;
  settings_.keys = {"key", "rows"};
  EXPECT_EQ(fault(), "aggregates: two columns are called \"rows\"");
  settings_.keys = {""};
  EXPECT_EQ(fault(), "keys: a column needs a name");
  settings_.keys = {};
  settings_.aggregates = {{"rows", "median(value)"}};
  EXPECT_NE(fault().find("aggregates.rows: there is no aggregate \"median\""), std::string::npos);
  settings_.aggregates = {{"rows", "count"}};
  settings_.having = "rows >";
  EXPECT_NE(fault().find("having: at character"), std::string::npos);
}

// Rows of three streams, each out of order within its lateness, against sums by hand.
// With and without aggregates that cannot be taken away from a window that slides on.
class WindowModelTest : public WindowTest, public testing::WithParamInterface<std::tuple<int, int, bool>> {};

TEST_P(WindowModelTest, gives_the_same_whatever_way_rows_come) {
  const auto [size, slide, only_sums] = GetParam();
  settings_.size = seconds(size);
  settings_.slide = seconds(slide);
  settings_.lateness = seconds(7);
  settings_.streams = 3;
  settings_.aggregates = {{"rows", "count"},        {"sum", "sum(value)"},   {"odd", "count_if(value >= 50)"},
                          {"least", "min(value)"},  {"last", "last(value)"}, {"values", "distinct(value)"},
                          {"first_key", "min(key)"}};
  if (only_sums) settings_.aggregates.resize(3);
  std::mt19937_64 random(static_cast<uint64_t>(size * 100 + slide));
  std::map<std::string, std::vector<Row>> streams;
  std::map<std::pair<int64_t, std::string>, std::vector<Row>> model;
  for (const auto* stream : {"a", "b", "c"})
    for (int64_t row = 0; row < 400; ++row) {
      Row made{row / 4 - static_cast<int64_t>(random() % 8), "k" + std::to_string(random() % 5),
               static_cast<int64_t>(random() % 100)};
      streams[stream].push_back(made);
      for (int64_t start = floor_to(made.time - size, slide) + slide; start <= made.time; start += slide)
        model[{start, made.key}].push_back(made);
    }
  Texts expected;
  for (const auto& [window, rows] : model) {
    int64_t sum = 0, odd = 0, least = INT64_MAX;
    std::set<int64_t> values;
    std::pair<int64_t, int64_t> last{INT64_MIN, 0};
    for (const auto& row : rows) {
      sum += row.value;
      odd += row.value >= 50;
      least = std::min(least, row.value);
      values.insert(row.value);
      last = std::max(last, {row.time, row.value});
    }
    expected.push_back(std::to_string(window.first) + ' ' + window.second + ' ' + std::to_string(rows.size()) + ' ' +
                       std::to_string(sum) + ' ' + std::to_string(odd));
    if (!only_sums)
      expected.back() += ' ' + std::to_string(least) + ' ' + std::to_string(last.second) + ' ' +
                         std::to_string(values.size()) + ' ' + window.second;
  }
  for (int round = 0; round < 6; ++round) {
    auto window = make();
    Texts given;
    std::map<std::string, size_t> next;
    std::string whole;
    Texts changes;
    while (next["a"] + next["b"] + next["c"] < 1200) {
      const std::string stream(1, "abc"[random() % 3]);
      auto& from = next[stream];
      const auto to = std::min<size_t>(400, from + random() % 50);
      const auto more = take(*window, {streams[stream].begin() + from, streams[stream].begin() + to}, stream);
      given.insert(given.end(), more.begin(), more.end());
      from = to;
      if (random() % 2) continue;
      if (whole.empty() || random() % 8 == 0) {
        whole = saved(*window);
        changes.clear();
      } else {
        ASSERT_TRUE(window->save_changes(changes.emplace_back()));
      }
      if (random() % 2) continue;
      const auto state = saved(*window);
      window = make();
      ASSERT_TRUE(window->load(std::exchange(whole, {})));
      for (const auto& each : changes) ASSERT_TRUE(window->load_changes(each));
      ASSERT_EQ(saved(*window).size(), state.size());
    }
    const auto more = rest(*window);
    given.insert(given.end(), more.begin(), more.end());
    ASSERT_EQ(given, expected) << "round " << round;
  }
  EXPECT_EQ(host_.count("rows_late"), 0);
}

INSTANTIATE_TEST_SUITE_P(Shapes, WindowModelTest,
                         testing::Combine(testing::Values(10, 12), testing::Values(1, 4, 10), testing::Bool()));

LEVADA_CONFORMANCE(window, [] {
  auto tested = testkit::subject("window",
                                 "time = \"a_time\"\nsize = \"1h\"\nkeys = [\"a_text\"]\n"
                                 "aggregates = { rows = \"count\", least = \"min(body)\", sum = \"sum(a_number)\" }");
  tested.bodies = {"one", "two that is longer than twelve bytes", "one", "", "one", ""};
  tested.columns = {value_column<int64_t>("a_time", Type::timestamp, {0, 1'000'000, 7'200'000'000, -5}),
                    text_column("a_text", {"x", "", "y"}), value_column<int64_t>("a_number", Type::int64, {1, -2, 3})};
  tested.other_options = "time = \"a_time\"\nsize = \"2h\"";
  tested.refused = {{"size = \"0s\"", "size"},
                    {"size = \"1s\"\naggregates = { a = \"sum\" }", "aggregates.a"},
                    {"size = \"1s\"\nhaving = \"(\"", "having"}};
  return tested;
});

}  // namespace
}  // namespace levada::window

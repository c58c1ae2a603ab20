// Sessions: where they begin and end, that rows join them, and that no way of coming shows.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <tuple>

#include "levada/testkit/conformance.h"
#include "window_bench.h"

namespace levada::window {
namespace {

class SessionsTest : public WindowBench {
 protected:
  SessionsTest() {
    settings_.size = std::nullopt;
    settings_.gap = seconds(10);
    settings_.aggregates = {{"rows", "count"}, {"sum", "sum(value)"}};
  }
};

TEST_F(SessionsTest, a_session_is_over_when_no_row_has_come_for_the_gap) {
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "b", 1}, {105, "a", 2}, {109, "b", 3}}), Texts{});
  EXPECT_EQ(take(*window, {{115, "c", 4}}), Texts{"105 a 1 2"});
  EXPECT_EQ(take(*window, {{119, "c", 4}}), Texts{"100 b 2 4"});
  EXPECT_EQ(window->deadline(), std::chrono::nanoseconds::max());
  EXPECT_EQ(rest(*window, false), Texts{});
  EXPECT_EQ(rest(*window), Texts{"115 c 2 8"});
  EXPECT_EQ(rest(*window), Texts{});
}

TEST_F(SessionsTest, holds_its_first_row_and_ends_a_gap_behind_its_last) {
  const auto window = make();
  take(*window, {{-5, "a", 1}, {3, "a", 1}});
  const auto given = window->advance({}, true);
  ASSERT_TRUE(given);
  EXPECT_EQ(texts(*given, "window_start"), Texts{"-5000000"});
  EXPECT_EQ(texts(*given, "window_end"), Texts{"13000000"});
  EXPECT_FALSE(given->find("result"));
}

TEST_F(SessionsTest, rows_that_lie_the_gap_apart_are_of_two) {
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {110, "a", 1}, {119, "a", 1}}), Texts{"100 a 1 1"});
  EXPECT_EQ(rest(*window), Texts{"110 a 2 2"});
}

TEST_F(SessionsTest, a_row_that_lies_between_joins_two) {
  settings_.lateness = seconds(30);
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {115, "a", 2}, {130, "a", 4}, {107, "a", 8}}), Texts{});
  EXPECT_EQ(take(*window, {{123, "a", 16}, {160, "b", 1}}), Texts{});
  EXPECT_EQ(take(*window, {{170, "b", 1}}), Texts{"100 a 5 31"});
  EXPECT_EQ(rest(*window), (Texts{"160 b 1 1", "170 b 1 1"}));
}

TEST_F(SessionsTest, one_row_may_join_two_in_the_batch_that_brought_them) {
  settings_.lateness = seconds(30);
  settings_.aggregates = {{"texts", "min(key)"}, {"values", "distinct(value)"}, {"last", "last(value)"}};
  const auto window = make();
  take(*window, {{120, "a", 1}, {100, "a", 2}, {111, "a", 3}, {104, "a", 2}});
  EXPECT_EQ(rest(*window), Texts{"100 a a 3 1"});
}

TEST_F(SessionsTest, a_row_that_is_older_than_the_watermark_is_late) {
  settings_.lateness = seconds(5);
  const auto window = make();
  auto batch = batch_of(std::vector<Row>{{100, "a", 1}, {120, "a", 1}, {114, "a", 1}, {115, "a", 1}});
  ASSERT_TRUE(window->intercept(batch));
  EXPECT_EQ(lines(batch), Texts{"100 a 1 1"});
  ASSERT_EQ(batch.rejections().size(), 1u);
  EXPECT_EQ(batch.rejections()[0].row, 2);
  EXPECT_EQ(rest(*window), Texts{"115 a 2 2"});
}

TEST_F(SessionsTest, without_keys_all_rows_are_of_one_and_nulls_are_a_key) {
  const auto window = make();
  take(*window, {{100, "<null>", 1}, {101, "", 1}, {102, "<null>", kNull}});
  EXPECT_EQ(rest(*window), (Texts{"101  1 1", "100 <null> 2 1"}));
  settings_.keys = {};
  const auto whole = make();
  take(*whole, {{100, "a", 1}, {101, "b", 1}});
  EXPECT_EQ(rest(*whole), Texts{"100 2 2"});
}

TEST_F(SessionsTest, gives_only_sessions_that_meet_the_condition) {
  settings_.having = "rows > 1";
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {100, "b", 1}, {101, "b", 1}, {200, "c", 1}}), Texts{"100 b 2 2"});
  EXPECT_EQ(rest(*window), Texts{});
}

TEST_F(SessionsTest, a_clock_that_jumps_ends_no_session) {
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {100'000, "b", 1}, {109, "a", 1}}), Texts{});
  EXPECT_EQ(rest(*window), (Texts{"100 a 2 2", "100000 b 1 1"}));
}

TEST_F(SessionsTest, an_empty_batch_passes) {
  const auto window = make();
  EXPECT_EQ(take(*window, {}), Texts{});
  EXPECT_EQ(rest(*window), Texts{});
}

TEST_F(SessionsTest, many_keys_come_in_several_batches_also_after_a_restart) {
  settings_.aggregates = {{"rows", "count"}};
  expect_many_keys_in_batches();
}

TEST_F(SessionsTest, the_end_of_intake_may_be_asked_for_in_turns_with_what_is_over) {
  settings_.keys = {"value"};
  settings_.aggregates = {{"rows", "count"}};
  const auto window = make();
  std::vector<Row> rows;
  for (int64_t row = 0; row < 150'000; ++row) rows.push_back({100, "a", row});
  EXPECT_EQ(take(*window, rows), Texts{});
  Texts given;
  for (;;) {
    EXPECT_EQ(rest(*window, false), Texts{});
    const auto part = window->advance({}, true);
    if (!part) break;
    const auto more = lines(*part);
    given.insert(given.end(), more.begin(), more.end());
  }
  ASSERT_EQ(given.size(), 150'000u);
  for (size_t row = 0; row < given.size(); ++row) ASSERT_EQ(given[row], "100 " + std::to_string(row) + " 1");
}

TEST_F(SessionsTest, rejects_rows_that_have_no_room_and_has_room_again_when_sessions_are_over) {
  settings_.memory_bytes = Size{1 << 20};
  settings_.aggregates = {{"rows", "count"}, {"values", "distinct(value)"}};
  const auto window = make();
  int64_t rejected = 0, counted = 0;
  const auto count = [&](const Texts& lines) {
    for (const auto& line : lines) counted += line[line.size() - 3] - '0';
  };
  for (int64_t round = 0; round < 4; ++round)
    for (int64_t first = 0; first < 20'000; first += 1000) {
      std::vector<Row> rows;
      for (int64_t row = 0; row < 1000; ++row)
        rows.push_back({100 * (round / 2), "key number " + std::to_string(first + row), 1});
      auto batch = batch_of(rows);
      ASSERT_TRUE(window->intercept(batch));
      rejected += static_cast<int64_t>(batch.rejections().size());
      count(lines(batch));
    }
  EXPECT_GT(rejected, 0);
  EXPECT_LT(rejected, 80'000 - 4000);
  EXPECT_EQ(host_.count("rows_without_room"), rejected);
  count(rest(*window));
  EXPECT_EQ(counted + rejected, 80'000);
}

TEST_F(SessionsTest, what_is_over_takes_no_memory) {
  settings_.memory_bytes = Size{2 << 20};
  settings_.aggregates = {{"rows", "count"}, {"values", "distinct(value)"}, {"text", "max(key)"}};
  const auto window = make();
  int64_t time = 0;
  for (int64_t round = 0; round < 300; ++round) {
    std::vector<Row> rows;
    for (int64_t row = 0; row < 1000; ++row, ++time)
      rows.push_back({time / 50, "a visitor with the long number " + std::to_string(time), time});
    take(*window, rows);
  }
  EXPECT_EQ(host_.count("rows_without_room"), 0);
  EXPECT_LT(saved(*window).size(), 500'000u);
}

TEST_F(SessionsTest, refuses_a_state_of_other_options) {
  expect_other_windows_refused(&WindowInterceptor::Settings::gap);
}

TEST_F(SessionsTest, settings_are_checked) {
  EXPECT_EQ(fault(), "none");
  settings_.slide = seconds(1);
  EXPECT_EQ(fault(), "slide: belongs to `size`");
  settings_.slide = std::nullopt;
  settings_.size = seconds(1);
  EXPECT_EQ(fault(), "size: one of `size`, `gap` (sessions) and `moving` must be set, and only one");
  settings_.size = std::nullopt;
  settings_.gap = seconds(0);
  EXPECT_EQ(fault(), "gap: must be from 1ms to 366d");
}

// Rows of three streams, each out of order within its lateness, against sessions by hand.
class SessionsModelTest : public SessionsTest, public testing::WithParamInterface<int> {};

TEST_P(SessionsModelTest, gives_the_same_whatever_way_rows_come) {
  const int64_t gap = GetParam();
  settings_.gap = seconds(gap);
  settings_.lateness = seconds(20);
  settings_.streams = 3;
  settings_.aggregates = {{"rows", "count"},       {"sum", "sum(value)"},         {"least", "min(value)"},
                          {"last", "last(value)"}, {"values", "distinct(value)"}, {"middle", "quantile(value, 0.5)"}};
  std::mt19937_64 random(static_cast<uint64_t>(gap));
  std::map<std::string, std::vector<Row>> streams;
  std::map<std::string, std::vector<Row>> keys;
  for (const auto* stream : {"a", "b", "c"})
    for (int64_t row = 0; row < 400; ++row) {
      // Some keys have many rows, some one.
      const auto key = random() % 10 == 0 ? std::to_string(random()) : "k" + std::to_string(random() % 12);
      Row made{row - 200 - static_cast<int64_t>(random() % 21), key, static_cast<int64_t>(random() % 100)};
      if (random() % 20 == 0) made.value = kNull;
      streams[stream].push_back(made);
      keys[key].push_back(made);
    }
  std::map<std::tuple<int64_t, std::string>, std::string> model;
  for (auto& [key, rows] : keys) {
    std::sort(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.time < b.time; });
    for (size_t first = 0, end = 0; first < rows.size(); first = end) {
      for (end = first + 1; end < rows.size() && rows[end].time < rows[end - 1].time + gap;) ++end;
      std::vector<int64_t> values;
      std::pair<int64_t, int64_t> last{INT64_MIN, 0};
      int64_t sum = 0;
      for (size_t at = first; at < end; ++at) {
        if (rows[at].value == kNull) continue;
        values.push_back(rows[at].value);
        sum += rows[at].value;
        last = std::max(last, {rows[at].time, rows[at].value});
      }
      std::sort(values.begin(), values.end());
      auto text = std::to_string(rows[first].time) + ' ' + key + ' ' + std::to_string(end - first);
      if (values.empty()) {
        text += " <null> <null> <null> 0 <null>";
      } else {
        const size_t half = values.size() / 2;
        const bool whole = values.size() % 2 || (values[half] + values[half - 1]) % 2 == 0;
        const int64_t middle = values.size() % 2 ? values[half] : (values[half] + values[half - 1]) / 2;
        const int64_t below = (values[half] + values[values.size() % 2 ? half : half - 1]) / 2;
        text += ' ' + std::to_string(sum) + ' ' + std::to_string(values.front()) + ' ' + std::to_string(last.second) +
                ' ' + std::to_string(std::set<int64_t>(values.begin(), values.end()).size()) + ' ' +
                (whole ? std::to_string(middle) : std::to_string(below) + ".5");
      }
      model[{rows[end - 1].time + gap, key}] = text;
    }
  }
  Texts expected;
  for (const auto& [session, text] : model) expected.push_back(text);
  for (int round = 0; round < 6; ++round) {
    auto window = make();
    Texts given;
    std::map<std::string, size_t> next;
    while (next["a"] + next["b"] + next["c"] < 1200) {
      const std::string stream(1, "abc"[random() % 3]);
      auto& from = next[stream];
      const auto to = std::min<size_t>(400, from + random() % (round == 0 ? 3 : 50));
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
      ASSERT_EQ(saved(*window).size(), state.size());
    }
    const auto more = rest(*window);
    given.insert(given.end(), more.begin(), more.end());
    ASSERT_EQ(given, expected) << "round " << round;
    ASSERT_EQ(window->deadline(), std::chrono::nanoseconds::max());
  }
  EXPECT_EQ(host_.count("rows_late"), 0);
}

INSTANTIATE_TEST_SUITE_P(Gaps, SessionsModelTest, testing::Values(1, 3, 10, 40));

LEVADA_CONFORMANCE(sessions, [] {
  auto tested = testkit::subject("window",
                                 "time = \"a_time\"\ngap = \"1h\"\nkeys = [\"a_text\"]\n"
                                 "aggregates = { rows = \"count\", least = \"min(body)\", sum = \"sum(a_number)\" }");
  tested.bodies = {"one", "two that is longer than twelve bytes", "one", "", "one", ""};
  tested.columns = {value_column<int64_t>("a_time", Type::timestamp, {0, 1'000'000, 7'200'000'000, -5}),
                    text_column("a_text", {"x", "", "y"}), value_column<int64_t>("a_number", Type::int64, {1, -2, 3})};
  tested.other_options = "time = \"a_time\"\ngap = \"2h\"";
  tested.refused = {{"gap = \"0s\"", "gap"}, {"gap = \"1s\"\nsize = \"1s\"", "size"}};
  return tested;
});

}  // namespace
}  // namespace levada::window

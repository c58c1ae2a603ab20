// Results that are given more than once: windows that late rows change, and those that are given
// early. Whoever puts each row in the place of the one of its key and beginning has what is right.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <sstream>

#include "shape.h"
#include "window_bench.h"

namespace levada::window {
namespace {

class ResultsTest : public WindowBench {
 protected:
  ResultsTest() {
    settings_.late = Late::update;
    settings_.keep = seconds(20);
    settings_.aggregates = {{"rows", "count"}, {"sum", "sum(value)"}};
  }
  static size_t rejected(WindowInterceptor& window, std::vector<Row> rows) {
    auto batch = batch_of(rows);
    EXPECT_TRUE(window.intercept(batch));
    return batch.rejections().size();
  }
  Texts early(WindowInterceptor& window) {
    host_.clock().advance(window.deadline() - host_.host().monotonic());
    Texts all;
    for (;;) {
      const auto given = window.advance(host_.host().monotonic(), false);
      if (!given) return all;
      const auto more = lines(*given);
      all.insert(all.end(), more.begin(), more.end());
    }
  }
};

TEST_F(ResultsTest, a_window_is_given_again_with_what_came_late) {
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {101, "b", 2}, {112, "a", 4}}),
            (Texts{"100 final a 1 1", "100 final b 1 2"}));
  EXPECT_EQ(take(*window, {{103, "b", 8}, {104, "c", 16}}), (Texts{"100 updated b 2 10", "100 updated c 1 16"}));
  EXPECT_EQ(host_.count("rows_late"), 0);
  EXPECT_EQ(host_.count("rows_late_counted"), 2);
  EXPECT_EQ(rest(*window), Texts{"110 final a 1 4"});
}

TEST_F(ResultsTest, for_as_long_as_it_is_kept) {
  const auto window = make();
  take(*window, {{100, "a", 1}, {129, "b", 2}});
  EXPECT_EQ(take(*window, {{109, "a", 2}}), Texts{"100 updated a 2 3"});
  EXPECT_EQ(take(*window, {{130, "b", 2}}), Texts{"120 final b 1 2"});
  EXPECT_EQ(rejected(*window, {{109, "a", 2}, {110, "a", 2}}), 1u);
  EXPECT_EQ(host_.count("rows_late"), 1);
}

TEST_F(ResultsTest, every_sliding_window_of_a_late_row_is_given_again) {
  settings_.slide = seconds(5);
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {107, "a", 2}, {116, "a", 4}}),
            (Texts{"95 final a 1 1", "100 final a 2 3", "105 final a 1 2"}));
  EXPECT_EQ(take(*window, {{106, "a", 8}, {112, "b", 1}}),
            (Texts{"100 updated a 3 11", "105 updated a 2 10", "105 updated b 1 1"}));
  EXPECT_EQ(rest(*window), (Texts{"110 final a 1 4", "110 final b 1 1", "115 final a 1 4"}));
}

TEST_F(ResultsTest, a_late_session_becomes_longer_and_the_one_it_was_is_removed) {
  settings_.size = std::nullopt;
  settings_.gap = seconds(10);
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {115, "a", 2}, {126, "b", 4}}),
            (Texts{"100 final a 1 1", "115 final a 1 2"}));
  // Behind the first, and joined with the second.
  EXPECT_EQ(take(*window, {{108, "a", 8}}), (Texts{"115 removed a 0 <null>", "100 updated a 3 11"}));
  EXPECT_EQ(take(*window, {{127, "b", 1}, {110, "c", 1}}), Texts{"110 final c 1 1"});
  EXPECT_EQ(take(*window, {{108, "c", 2}}), (Texts{"110 removed c 0 <null>", "108 final c 2 3"}));
  EXPECT_EQ(rest(*window), Texts{"126 final b 2 5"});
}

TEST_F(ResultsTest, early_results_come_by_the_clock_as_long_as_there_are_new_ones) {
  settings_.late = Late::reject;
  settings_.early = seconds(10);
  const auto window = make();
  EXPECT_EQ(window->deadline(), std::chrono::nanoseconds::max());
  const auto begin = host_.host().monotonic();
  EXPECT_EQ(take(*window, {{100, "b", 1}, {101, "a", 2}, {111, "a", 2}}),
            (Texts{"100 final a 1 2", "100 final b 1 1"}));
  EXPECT_EQ(window->deadline(), begin + seconds(10));
  EXPECT_EQ(early(*window), Texts{"110 early a 1 2"});
  EXPECT_EQ(window->deadline(), std::chrono::nanoseconds::max());
  host_.clock().advance(seconds(100));
  EXPECT_EQ(take(*window, {{112, "c", 1}}), Texts{});
  EXPECT_EQ(window->deadline(), begin + seconds(120));
  EXPECT_EQ(early(*window), (Texts{"110 early a 1 2", "110 early c 1 1"}));
  EXPECT_EQ(rest(*window), (Texts{"110 final a 1 2", "110 final c 1 1"}));
  EXPECT_EQ(window->deadline(), std::chrono::nanoseconds::max());
}

TEST_F(ResultsTest, early_sessions_are_removed_when_they_begin_earlier) {
  settings_.late = Late::reject;
  settings_.lateness = seconds(20);
  settings_.size = std::nullopt;
  settings_.gap = seconds(10);
  settings_.early = seconds(10);
  const auto window = make();
  take(*window, {{100, "b", 1}, {101, "a", 2}});
  EXPECT_EQ(early(*window), (Texts{"100 early b 1 1", "101 early a 1 2"}));
  EXPECT_EQ(take(*window, {{95, "a", 4}}), Texts{"101 removed a 0 <null>"});
  EXPECT_EQ(early(*window), Texts{"95 early a 2 6"});
  EXPECT_EQ(rest(*window), (Texts{"100 final b 1 1", "95 final a 2 6"}));
}

TEST_F(ResultsTest, no_column_says_so_where_it_has_no_name) {
  settings_.result = "";
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {110, "a", 4}}), Texts{"100 a 1 1"});
}

TEST_F(ResultsTest, many_early_and_late_rows_come_in_several_batches_and_none_behind_its_window) {
  settings_.keys = {"value"};
  settings_.aggregates = {{"rows", "count"}};
  settings_.early = seconds(10);
  const auto window = make();
  std::vector<Row> rows;
  for (int64_t row = 0; row < 100'000; ++row) rows.push_back({100, "a", row});
  take(*window, rows);
  host_.clock().advance(seconds(10));
  EXPECT_EQ(window->advance(host_.host().monotonic(), false)->rows(), 65'536);
  EXPECT_EQ(window->deadline(), std::chrono::nanoseconds(0));
  // The window is over before the early results are.
  EXPECT_EQ(take(*window, {{110, "a", 7}}).size(), 65'536u);
  const auto more = rest(*window, false);
  ASSERT_EQ(more.size(), 100'000u - 65'536u);
  for (const auto& line : more) ASSERT_EQ(line.substr(0, 9), "100 final");
  // Late rows that come while late rows are given.
  take(*window, rows);
  const auto state = saved(*window);
  const auto other = make();
  ASSERT_TRUE(other->load(state));
  for (auto* each : {window.get(), other.get()}) {
    auto lines = take(*each, {{100, "a", 5}, {100, "a", 99'999}});
    const auto last = rest(*each, false);
    lines.insert(lines.end(), last.begin(), last.end());
    ASSERT_EQ(lines.size(), 100'000u - 65'536u + 2);
    EXPECT_EQ(lines[lines.size() - 2], "100 updated 5 3");
    EXPECT_EQ(lines.back(), "100 updated 99999 3");
  }
}

TEST_F(ResultsTest, what_meets_the_condition_no_more_is_removed) {
  settings_.having = "sum < 10";
  const auto window = make();
  EXPECT_EQ(take(*window, {{100, "a", 1}, {101, "b", 12}, {102, "c", 2}, {112, "a", 4}}),
            (Texts{"100 final a 1 1", "100 final c 1 2"}));
  EXPECT_EQ(take(*window, {{103, "c", 8}, {104, "b", 1}, {105, "a", 5}}),
            (Texts{"100 removed c 2 10", "100 updated a 2 6"}));
  EXPECT_EQ(take(*window, {{103, "c", -1}, {104, "b", -1}}), Texts{"100 updated c 3 9"});
}

TEST_F(ResultsTest, also_what_was_shown_early) {
  settings_.late = Late::reject;
  settings_.early = seconds(10);
  settings_.having = "sum < 10";
  const auto window = make();
  take(*window, {{100, "b", 1}, {101, "a", 20}});
  EXPECT_EQ(early(*window), Texts{"100 early b 1 1"});
  take(*window, {{102, "b", 9}});
  const auto other = make();
  ASSERT_TRUE(other->load(saved(*window)));
  EXPECT_EQ(early(*window), Texts{"100 removed b 2 10"});
  EXPECT_EQ(rest(*window), Texts{});
  EXPECT_EQ(rest(*other), Texts{"100 removed b 2 10"});
}

TEST_F(ResultsTest, settings_are_checked) {
  settings_.keep = seconds(0);
  EXPECT_EQ(fault(), "keep: must be from 1ms to 366d");
  settings_.keep = seconds(1);
  settings_.early = std::chrono::milliseconds(1);
  EXPECT_EQ(fault(), "early: must be 10ms or more");
  settings_.early = seconds(1);
  settings_.keys = {"result"};
  EXPECT_EQ(fault(), "keys: two columns are called \"result\"");
  settings_.result = "";
  settings_.having = "rows > 1";
  EXPECT_EQ(fault(), "result: needs a name: a row that meets `having` no more is given again as \"removed\"");
}

TEST_F(ResultsTest, a_state_is_of_the_time_that_windows_are_kept) {
  const auto window = make();
  take(*window, {{100, "a", 1}});
  const auto state = saved(*window);
  settings_.early = seconds(1);
  EXPECT_TRUE(make()->load(state));
  settings_.keep = seconds(21);
  EXPECT_EQ(make()->load(state).code(), Code::reject);
}

// Rows of two streams, out of order further than they may be, with restarts: who puts rows in the
// place of those before has the sums of all rows that were not rejected.
struct Case {
  const char* name;
  int size, slide, gap;
  bool early, only_sums;
  int less_than = 0;  // What a sum has to be for its row to be shown; 0: anything.
};
class ResultsModelTest : public ResultsTest, public testing::WithParamInterface<Case> {
 protected:
  using Results = std::map<std::pair<int64_t, std::string>, std::string>;

  Results model(std::map<std::string, std::vector<Row>> keys) const {
    Results all;
    const auto add = [&](int64_t start, const std::string& key, std::span<const Row> rows) {
      int64_t sum = 0, least = INT64_MAX;
      std::set<int64_t> values;
      for (const auto& row : rows) {
        sum += row.value;
        least = std::min(least, row.value);
        values.insert(row.value);
      }
      if (GetParam().less_than != 0 && sum >= GetParam().less_than) return;
      auto& text = all[{start, key}];
      text = std::to_string(rows.size()) + ' ' + std::to_string(sum);
      if (!GetParam().only_sums) text += ' ' + std::to_string(least) + ' ' + std::to_string(values.size());
    };
    for (auto& [key, rows] : keys) {
      std::sort(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.time < b.time; });
      if (GetParam().gap > 0) {
        for (size_t first = 0, end = 0; first < rows.size(); first = end) {
          for (end = first + 1; end < rows.size() && rows[end].time < rows[end - 1].time + GetParam().gap;) ++end;
          add(rows[first].time, key, std::span(rows).subspan(first, end - first));
        }
        continue;
      }
      std::map<int64_t, std::vector<Row>> windows;
      for (const auto& row : rows)
        for (int64_t start = floor_to(row.time - GetParam().size, GetParam().slide) + GetParam().slide;
             start <= row.time; start += GetParam().slide)
          windows[start].push_back(row);
      for (const auto& [start, of_it] : windows) add(start, key, of_it);
    }
    return all;
  }
  void put(const Texts& lines, Results& to) {
    for (const auto& line : lines) {
      std::istringstream words(line);
      int64_t start;
      std::string kind, key, more;
      words >> start >> kind >> key;
      std::getline(words >> std::ws, more);
      ++kinds_[kind];
      if (kind == "removed") {
        EXPECT_EQ(to.erase({start, key}), 1u) << line;
      } else {
        const bool is_first = kind != "final" || finals_.insert({start, key}).second;
        EXPECT_TRUE(is_first || GetParam().gap > 0) << line;
        EXPECT_FALSE(kind == "early" && finals_.contains({start, key}) && GetParam().gap == 0) << line;
        to[{start, key}] = more;
      }
    }
  }
  std::set<std::pair<int64_t, std::string>> finals_;
  std::map<std::string, int> kinds_;
};

TEST_P(ResultsModelTest, the_last_result_of_each_window_is_exact) {
  const auto& tested = GetParam();
  settings_.size = settings_.slide = settings_.gap = std::nullopt;
  if (tested.gap > 0) settings_.gap = seconds(tested.gap);
  else settings_.size = seconds(tested.size);
  if (tested.slide < tested.size) settings_.slide = seconds(tested.slide);
  if (tested.early) settings_.early = seconds(1);
  if (tested.less_than != 0) settings_.having = "sum < " + std::to_string(tested.less_than);
  settings_.aggregates = {
      {"rows", "count"}, {"sum", "sum(value)"}, {"least", "min(value)"}, {"values", "distinct(value)"}};
  if (tested.only_sums) settings_.aggregates.resize(2);
  settings_.lateness = seconds(5);
  settings_.keep = seconds(25);
  settings_.streams = 2;
  std::mt19937_64 random(7);
  int removed = 0;
  for (int round = 0; round < 5; ++round) {
    finals_.clear();
    kinds_.clear();
    auto window = make();
    std::string base = saved(*window);
    std::vector<std::string> changes;
    std::map<std::string, std::vector<Row>> keys;
    Results given;
    size_t rejected = 0;
    int64_t now[2] = {-100, -100};
    for (int step = 0; step < 300; ++step) {
      const auto stream = random() % 2;
      std::vector<Row> rows;
      for (auto row = random() % 10; row > 0; --row) {
        now[stream] += random() % 3 == 0;
        const auto behind = static_cast<int64_t>(random() % 10 == 0 ? random() % 50 : random() % 6);
        rows.push_back({now[stream] - behind,
                        random() % 5 == 0 ? std::to_string(random() % 1000) : "k" + std::to_string(random() % 5),
                        static_cast<int64_t>(random() % 100)});
      }
      auto batch = batch_of(rows, std::string(1, static_cast<char>('a' + stream)));
      ASSERT_TRUE(window->intercept(batch));
      std::set<int64_t> out;
      for (const auto& each : batch.rejections()) out.insert(each.row);
      rejected += out.size();
      for (size_t row = 0; row < rows.size(); ++row)
        if (!out.contains(static_cast<int64_t>(row))) keys[rows[row].key].push_back(rows[row]);
      put(lines(batch), given);
      if (random() % 8 == 0 && tested.early && window->deadline() > std::chrono::nanoseconds(0)) {
        if (window->deadline() != std::chrono::nanoseconds::max()) put(early(*window), given);
      }
      if (round > 0 && random() % 8) continue;
      // By its changes, where these are known.
      if (!window->save_changes(changes.emplace_back())) {
        base = saved(*window);
        changes.clear();
      }
      if (round > 1 && random() % 4) continue;
      window = make();
      ASSERT_TRUE(window->load(base));
      for (const auto& each : changes) ASSERT_TRUE(window->load_changes(each));
      base = saved(*window);
      changes.clear();
    }
    put(rest(*window), given);
    EXPECT_EQ(window->deadline(), std::chrono::nanoseconds::max());
    EXPECT_GT(rejected, 0u);
    EXPECT_GT(kinds_["updated"], 0);
    EXPECT_EQ(kinds_["early"] > 0, tested.early);
    EXPECT_TRUE(kinds_["removed"] == 0 || tested.gap > 0 || tested.less_than != 0);
    removed += kinds_["removed"];
    const auto expected = model(keys);
    ASSERT_EQ(given, expected) << "round " << round;
  }
  EXPECT_EQ(removed > 0, tested.gap > 0 || tested.less_than != 0);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ResultsModelTest,
    testing::Values(Case{"tumbling", 10, 10, 0, false, false}, Case{"tumbling_early", 10, 10, 0, true, false},
                    Case{"sliding", 10, 4, 0, false, false}, Case{"sliding_sums", 10, 4, 0, true, true},
                    Case{"sliding_early", 12, 3, 0, true, false}, Case{"sessions", 0, 0, 2, false, false},
                    Case{"sessions_early", 0, 0, 2, true, false}, Case{"tumbling_having", 10, 10, 0, false, false, 500},
                    Case{"tumbling_early_having", 10, 10, 0, true, true, 200},
                    Case{"sliding_having", 10, 4, 0, false, false, 500},
                    Case{"sliding_early_having", 12, 3, 0, true, true, 200},
                    Case{"sessions_having", 0, 0, 2, false, false, 200},
                    Case{"sessions_early_having", 0, 0, 2, true, false, 200}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace levada::window

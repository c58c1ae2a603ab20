// A state that is saved by its changes: whoever is brought back to it goes on as one that had saved
// all of it, whatever was under way.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "window_bench.h"

namespace levada::window {
namespace {

struct Case {
  const char* name;
  int size, slide, gap;
  bool update, early, only_sums;
};

class ChangesTest : public WindowBench, public testing::WithParamInterface<Case> {
 protected:
  ChangesTest() {
    const auto& tested = GetParam();
    settings_.size = std::nullopt;
    if (tested.gap > 0) settings_.gap = seconds(tested.gap);
    else settings_.size = seconds(tested.size);
    if (tested.slide < tested.size) settings_.slide = seconds(tested.slide);
    settings_.lateness = seconds(5);
    settings_.keep = seconds(25);
    settings_.streams = 2;
    if (tested.update) settings_.late = Late::update;
    if (tested.early) settings_.early = seconds(1);
    settings_.aggregates = {{"rows", "count"}, {"sum", "sum(value)"}};
    if (tested.only_sums) return;
    settings_.aggregates.insert(settings_.aggregates.end(), {{"least", "min(key)"},
                                                             {"values", "distinct(value)"},
                                                             {"last", "last(key)"},
                                                             {"about", "distinct_approximate(value)"},
                                                             {"middle", "quantile(value, 0.5)"},
                                                             {"most", "top(value, 3)"}});
  }
  // Rows of one of two streams, out of order further than they may be, and what else happens then.
  struct Step {
    std::string stream;
    std::vector<Row> rows;
    bool looks;  // Whether early results are asked for.
  };
  std::vector<Step> steps(std::mt19937_64& random) {
    std::vector<Step> all(300);
    int64_t now[2] = {-100, -100};
    for (auto& step : all) {
      const auto stream = random() % 2;
      step.stream = static_cast<char>('a' + stream);
      step.looks = random() % 4 == 0;
      for (auto row = random() % 20; row > 0; --row) {
        now[stream] += random() % 3 == 0;
        const auto behind = static_cast<int64_t>(random() % 10 == 0 ? random() % 50 : random() % 6);
        const auto number = random() % 3 == 0 ? random() % 1000 : random() % 5;
        step.rows.push_back({now[stream] - behind, "a key of some length, " + std::to_string(number),
                             static_cast<int64_t>(random() % 50)});
      }
    }
    return all;
  }
  Texts run(WindowInterceptor& window, const Step& step) {
    auto batch = batch_of(step.rows, step.stream);
    EXPECT_TRUE(window.intercept(batch));
    Texts all = lines(batch);
    for (const auto& each : batch.rejections()) all.push_back("rejected " + std::to_string(each.row));
    // Whatever is due next is due now; the clock of both windows stands.
    while (step.looks && window.deadline() != std::chrono::nanoseconds::max()) {
      const auto given = window.advance(std::max(window.deadline(), host_.host().monotonic()), false);
      if (!given) break;
      const auto more = lines(*given);
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }
};

TEST_P(ChangesTest, bring_it_back_to_what_the_whole_state_does) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 2; ++round) {
    const auto all = steps(random);
    auto by_changes = make(), by_whole = make();
    std::string base = saved(*by_changes), whole = saved(*by_whole);
    std::vector<std::string> changes;
    Texts given_by_changes, given_by_whole;
    size_t committed = 0, saved_changes = 0, restored_from_changes = 0, given = 0;
    for (size_t at = 0;;) {
      if (at < all.size()) {
        for (auto [window, to] : {std::pair(by_changes.get(), &given_by_changes), {by_whole.get(), &given_by_whole}})
          for (auto& line : run(*window, all[at])) to->push_back(std::move(line));
        ++at;
      } else {
        for (auto& line : rest(*by_changes)) given_by_changes.push_back(std::move(line));
        for (auto& line : rest(*by_whole)) given_by_whole.push_back(std::move(line));
      }
      ASSERT_EQ(given_by_changes, given_by_whole) << "round " << round << ", step " << at;
      if (at == all.size() || random() % 3 == 0) {
        committed = at;
        given += given_by_changes.size();
        given_by_changes.clear();
        given_by_whole.clear();
        whole = saved(*by_whole);
        if (random() % 10 == 0) {
          base = saved(*by_changes);
          changes.clear();
        } else if (auto done = by_changes->save_changes(changes.emplace_back()); done) {
          ++saved_changes;
        } else {
          ASSERT_EQ(done.code(), Code::idle);
          base = saved(*by_changes);
          changes.clear();
        }
        if (at == all.size()) break;
      }
      if (random() % 5 != 0) continue;
      // Killed: what came behind the commit comes again.
      at = committed;
      given_by_changes.clear();
      given_by_whole.clear();
      by_whole = make();
      by_changes = make();
      ASSERT_TRUE(by_whole->load(whole));
      ASSERT_TRUE(by_changes->load(base));
      for (const auto& each : changes) ASSERT_TRUE(by_changes->load_changes(each));
      restored_from_changes += !changes.empty();
      // As the host does, it saves all of it first.
      base = saved(*by_changes);
      changes.clear();
      EXPECT_EQ(base.size(), whole.size());
    }
    EXPECT_GT(saved_changes, 20u);
    EXPECT_GT(restored_from_changes, 10u);
    EXPECT_GT(given, 500u);
  }
}

TEST_P(ChangesTest, cannot_be_loaded_where_they_do_not_belong) {
  const auto window = make();
  take(*window, {{100, "a", 1}, {101, "b", 2}});
  const auto state = saved(*window);
  take(*window, {{100, "c", 1}});
  std::string changes;
  ASSERT_TRUE(window->save_changes(changes));
  const auto other = make();
  ASSERT_TRUE(other->load(state));
  ASSERT_TRUE(other->load_changes(changes));
  EXPECT_EQ(other->load_changes(changes).code(), Code::fatal) << "these were loaded already";
  EXPECT_EQ(make()->load_changes(changes).code(), Code::fatal) << "a state that was never loaded";
  EXPECT_EQ(other->load_changes(state).code(), Code::fatal);
  EXPECT_EQ(other->load(changes).code(), Code::fatal);
  for (size_t size = 0; size < changes.size(); ++size) {
    ASSERT_TRUE(other->load(state));
    ASSERT_EQ(other->load_changes(std::string_view(changes).substr(0, size)).code(), Code::fatal) << size;
  }
  settings_.aggregates.pop_back();
  EXPECT_EQ(make()->load_changes(changes).code(), Code::reject);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ChangesTest,
                         testing::Values(Case{"tumbling", 10, 10, 0, false, false, false},
                                         Case{"tumbling_sums", 10, 10, 0, false, false, true},
                                         Case{"tumbling_update", 10, 10, 0, true, false, false},
                                         Case{"tumbling_update_early", 10, 10, 0, true, true, false},
                                         Case{"sliding", 10, 4, 0, false, false, false},
                                         Case{"sliding_early_sums", 10, 4, 0, false, true, true},
                                         Case{"sliding_update_early", 12, 3, 0, true, true, false},
                                         Case{"sliding_update_sums", 10, 4, 0, true, false, true},
                                         Case{"sessions", 0, 0, 4, false, false, false},
                                         Case{"sessions_early_sums", 0, 0, 4, false, true, true},
                                         Case{"sessions_update_sums", 0, 0, 2, true, false, true},
                                         Case{"sessions_update_early", 0, 0, 2, true, true, false}),
                         [](const auto& tested) { return std::string(tested.param.name); });

using OtherWindowsTest = WindowBench;

// Their values, which the keys have in common, are numbered anew now and then: these changes are of
// no state that was saved.
TEST_F(OtherWindowsTest, sessions_whose_distinct_values_are_numbered_anew_are_saved_whole) {
  settings_.size = std::nullopt;
  settings_.gap = seconds(10);
  settings_.aggregates = {{"values", "distinct(value)"}};
  auto window = make();
  size_t unknown = 0;
  for (int64_t round = 0; round < 20; ++round) {
    std::string state = saved(*window), changes;
    std::vector<Row> rows;
    for (int64_t row = 0; row < 500; ++row) rows.push_back({100 * round, "a", 500 * round + row});
    take(*window, rows);
    rows.resize(10);
    take(*window, rows);
    const auto done = window->save_changes(changes);
    if (!done) {
      EXPECT_EQ(done.code(), Code::idle);
      ++unknown;
      state = saved(*window);
    }
    window = make();
    ASSERT_TRUE(window->load(state));
    if (done) {
      ASSERT_TRUE(window->load_changes(changes));
    }
    // The first ten are no new values.
    ASSERT_EQ(take(*window, rows), Texts{});
    ASSERT_EQ(take(*window, {{100 * round + 50, "b", 1}}), Texts{std::to_string(100 * round) + " a 500"});
    ASSERT_EQ(take(*window, {{100 * round + 70, "c", 1}}), Texts{std::to_string(100 * round + 50) + " b 1"});
  }
  EXPECT_GT(unknown, 0u);
  EXPECT_LT(unknown, 20u);
}

TEST_F(OtherWindowsTest, moving_ones_save_all_of_their_state_each_time) {
  settings_.size = std::nullopt;
  settings_.moving = seconds(10);
  const auto window = make();
  take(*window, {{100, "a", 1}});
  (void)saved(*window);
  std::string changes;
  EXPECT_EQ(window->save_changes(changes).code(), Code::idle);
  EXPECT_EQ(changes, "");
  EXPECT_EQ(window->load_changes("rubbish").code(), Code::fatal);
}

}  // namespace
}  // namespace levada::window

// Keys that stay away.
#include "silence.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace levada::alert {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

std::string reload(Silence& silence, size_t keys, nanoseconds before, nanoseconds now) {
  std::string state;
  StateWriter writer(state, "k", "o");
  silence.save(writer, before);
  writer.finish();
  auto reader = StateReader::open(state, "k", "o");
  silence.load(*reader, keys, now);
  const auto done = reader->finish();
  return done ? "" : done.error().message;
}

TEST(SilenceTest, a_key_that_stays_away_is_told_once_and_again_when_it_comes) {
  Silence silence(10s);
  EXPECT_EQ(silence.due(), nanoseconds::max());
  EXPECT_EQ(silence.came(0, 100s), std::nullopt);
  silence.came(1, 103s);
  silence.came(0, 105s);
  EXPECT_EQ(silence.due(), 113s);
  EXPECT_FALSE(silence.next(112s));
  auto missing = silence.next(120s);
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->key, 1u);
  EXPECT_EQ(missing->away, 17s);
  EXPECT_EQ(silence.next(120s)->key, 0u);
  EXPECT_FALSE(silence.next(999s));
  EXPECT_EQ(silence.due(), nanoseconds::max());
  EXPECT_EQ(silence.came(1, 133s), 30s);
  EXPECT_EQ(silence.came(1, 134s), std::nullopt);
  EXPECT_EQ(silence.due(), 144s);
}

TEST(SilenceTest, a_value_that_stays_the_same_has_not_come) {
  Silence silence(10s);
  silence.came(0, 7, 100s);
  silence.came(0, 7, 105s);
  EXPECT_EQ(silence.due(), 110s);
  silence.came(0, 8, 106s);
  EXPECT_EQ(silence.due(), 116s);
  ASSERT_TRUE(silence.next(116s));
  EXPECT_EQ(silence.came(0, 8, 120s), std::nullopt);
  EXPECT_EQ(silence.came(0, 9, 121s), 15s);
}

TEST(SilenceTest, the_time_in_which_nothing_ran_does_not_count) {
  Silence silence(10s);
  silence.came(0, 100s);
  silence.came(2, 103s);
  silence.came(1, 90s);
  ASSERT_EQ(reload(silence, 3, 104s, 5000s), "");
  EXPECT_EQ(silence.due(), 4996s);
  EXPECT_EQ(silence.next(5009s)->key, 1u) << "away for 14 s then, and 9 s now";
  EXPECT_EQ(silence.next(5009s)->key, 0u);
  EXPECT_EQ(silence.next(5009s)->key, 2u);
  EXPECT_NE(reload(silence, 2, 0s, 0s), "") << "more keys than there are";
}

TEST(SilenceTest, with_any_keys_and_times_it_tells_what_a_table_of_last_times_tells) {
  std::mt19937 random(11);
  Silence silence(100s);
  std::map<uint32_t, std::pair<nanoseconds, bool>> model;
  nanoseconds now = 1000s;
  for (int step = 0; step < 20'000; ++step) {
    now += std::chrono::seconds(random() % 5);
    const auto key = static_cast<uint32_t>(random() % 50);
    auto& [last, told] = model[key];
    const auto away = silence.came(key, now);
    ASSERT_EQ(away.has_value(), told);
    if (away) {
      ASSERT_EQ(*away, now - last);
    }
    last = now;
    told = false;
    if (random() % 20 == 0) {
      while (const auto missing = silence.next(now)) {
        auto& [since, was_told] = model[missing->key];
        ASSERT_FALSE(was_told);
        ASSERT_EQ(missing->away, now - since);
        ASSERT_GE(missing->away, 100s);
        was_told = true;
      }
      for (const auto& [each, state] : model) ASSERT_TRUE(state.second || now - state.first < 100s) << each;
    }
    if (random() % 500 == 0) {
      ASSERT_EQ(reload(silence, 50, now, now), "");
    }
  }
}

}  // namespace
}  // namespace levada::alert

// Values beyond limits, and how far they move.
#include "level.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace levada::alert {
namespace {

constexpr int64_t kSecond = 1'000'000;

Rule rule(double limit, double until, int64_t hold = 0) {
  Rule made;
  made.limit = limit;
  made.until = until;
  made.hold = hold;
  return made;
}

Rule movement(double limit, bool upwards = true) {
  auto made = rule(limit, limit);
  made.kind = Rule::Kind::movement;
  made.window = 60 * kSecond;
  made.upwards = upwards;
  return made;
}

// "+3@5" for each begin and end, with value and time.
std::string told(const Rule& rule, const std::vector<double>& values, Level level = {}) {
  std::string text;
  for (size_t at = 0; at < values.size(); ++at) {
    const auto change = level.see(rule, static_cast<int64_t>(at) * kSecond, values[at]);
    if (!change) continue;
    text += (text.empty() ? "" : " ") + std::string(change->begins ? "+" : "-") +
            std::to_string(static_cast<int>(change->value)) + "@" + std::to_string(at) + "/" +
            std::to_string(change->since / kSecond);
  }
  return text;
}

TEST(LevelTest, begins_beyond_the_limit_and_ends_at_it) {
  EXPECT_EQ(told(rule(3, 3), {1, 3, 4, 5, 3, 4, 2}), "+4@2/2 -3@4/2 +4@5/5 -2@6/5");
  auto below = rule(3, 3);
  below.upwards = false;
  EXPECT_EQ(told(below, {5, 3, 2, 3, 9}), "+2@2/2 -3@3/2");
}

TEST(LevelTest, with_a_distance_between_begin_and_end_it_does_not_flutter) {
  EXPECT_EQ(told(rule(80, 70), {81, 79, 82, 71, 70, 79, 81}), "+81@0/0 -70@4/0 +81@6/6");
}

TEST(LevelTest, what_must_last_begins_only_then_and_knows_since_when) {
  EXPECT_EQ(told(rule(3, 3, 2 * kSecond), {4, 4, 3, 4, 5, 6, 6, 1}), "+6@5/3 -1@7/3");
  EXPECT_EQ(told(rule(3, 3, 2 * kSecond), {4, 4, 1, 4, 4}), "");
}

TEST(LevelTest, a_movement_is_from_the_least_of_the_window_or_the_greatest) {
  const auto rises = movement(10);
  EXPECT_EQ(told(rises, {0, 5, 10, 11, 12, 5}), "+11@3/3 -5@5/3");
  // A counter that begins anew.
  EXPECT_EQ(told(rises, {1000, 0, 5, 12}), "+12@3/3");
  // What rose long ago is over.
  std::vector<double> slow;
  for (int at = 0; at < 200; ++at) slow.push_back(at < 5 ? at * 3 : 12);
  EXPECT_EQ(told(rises, slow), "+12@4/4 -9@60/4") << "of a slice of a second each, 60 are looked at";
  EXPECT_EQ(told(movement(10, false), {12, 5, 1, 0}), "+11@2/2");
}

TEST(LevelTest, movements_are_those_of_all_values_in_the_window) {
  std::mt19937 random(7);
  for (const bool upwards : {true, false}) {
    const auto moves = movement(20, upwards);
    Level level;
    std::vector<std::pair<int64_t, double>> seen;
    int64_t time = -1000 * kSecond;
    bool on = false;
    for (int at = 0; at < 5000; ++at) {
      time += static_cast<int64_t>(random() % (5 * kSecond));
      const double value = static_cast<double>(random() % 40);
      seen.emplace_back(time, value);
      double move = 0;
      for (const auto& [then, other] : seen) {
        const auto slice = [](int64_t t) { return t >= 0 ? t / kSecond : -((-t + kSecond - 1) / kSecond); };
        if (slice(then) <= slice(time) - 60) continue;
        move = std::max(move, upwards ? value - other : other - value);
      }
      const auto change = level.see(moves, time, value);
      const bool expected = move > 20;
      ASSERT_EQ(change.has_value(), expected != on) << at;
      if (change) {
        ASSERT_EQ(change->value, move);
      }
      on = expected;
      if (at % 100 == 0) {
        std::string state;
        StateWriter writer(state, "k", "o");
        level.save(writer);
        writer.finish();
        auto reader = StateReader::open(state, "k", "o");
        level = {};
        level.load(*reader);
        ASSERT_TRUE(reader->finish());
      }
      if (seen.size() > 200) seen.erase(seen.begin(), seen.begin() + 50);
    }
  }
}

}  // namespace
}  // namespace levada::alert

// Counting, saving, and what is no state.
#include "count_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "levada/testkit/fault_step.h"

namespace levada::count_by {
namespace {

std::string saved(const CountTable& table) {
  std::string state;
  table.save(state);
  return state;
}

TEST(CountTable, counts_each_key_for_itself) {
  CountTable table;
  EXPECT_EQ(table.increment("a"), 1);
  EXPECT_EQ(table.increment("b"), 1);
  EXPECT_EQ(table.increment("a"), 2);
  EXPECT_EQ(table.increment(""), 1);
  EXPECT_EQ(table.increment(std::string("a\0", 2)), 1);
  EXPECT_EQ(table.increment(""), 2);
  EXPECT_EQ(table.keys(), 4u);
}

TEST(CountTable, counts_as_a_map_does_through_saves_and_loads) {
  std::mt19937_64 random(7);
  CountTable table;
  std::map<std::string, int64_t> model;
  // Fewer steps under a sanitizer, which makes each ten times as long.
  constexpr int kSteps = testkit::kFaultStep == 1 ? 200'000 : 60'000;
  for (int step = 0; step < kSteps; ++step) {
    // Short and long ones, and one that fills more than a block of its own.
    const auto number = random() % 20'000;
    const auto key = std::to_string(number) + std::string(number == 1 ? 100'000 : number % 40, 'x');
    ASSERT_EQ(table.increment(key), ++model[key]);
    if (step % (kSteps / 4) != 0) continue;
    CountTable other;
    other.increment("something else");
    ASSERT_TRUE(other.load(saved(table)));
    ASSERT_EQ(saved(other), saved(table));
    table = std::move(other);
  }
  EXPECT_EQ(table.keys(), model.size());
}

TEST(CountTable, an_empty_state_is_the_beginning) {
  CountTable table;
  EXPECT_EQ(saved(table), "");
  table.increment("a");
  ASSERT_TRUE(table.load(""));
  EXPECT_EQ(table.increment("a"), 1);
}

TEST(CountTable, keeps_what_it_has_where_the_state_is_none) {
  CountTable table;
  table.increment("key");
  table.increment("key");
  const auto state = saved(table);
  // Between two keys a cut cannot be seen: whoever keeps the state has a checksum for that.
  for (size_t length = 1; length < state.size(); ++length)
    EXPECT_EQ(table.load(state.substr(0, length)).error().message, "it ends within a key");
  EXPECT_EQ(table.load(state + state).error().message, "a key stands in it twice");
  auto never = state;
  never[0] = 0;
  EXPECT_EQ(table.load(never).error().message, "a key has come 0 times");
  EXPECT_EQ(table.load(std::string(64, '\xff')).error().message, "a key has come -1 times");
  EXPECT_EQ(saved(table), state);
  EXPECT_EQ(table.increment("key"), 3);
}

}  // namespace
}  // namespace levada::count_by

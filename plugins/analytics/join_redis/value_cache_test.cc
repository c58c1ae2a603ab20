#include "value_cache.h"

#include <gtest/gtest.h>

namespace levada::join_redis {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const Value> value_of(std::string text) {
  return std::make_shared<const Value>(Value{.is_there = true, .fields = {std::move(text)}});
}

TEST(ValueCache, knows_a_key_for_some_time) {
  ValueCache cache(10s, 1 << 20);
  EXPECT_EQ(cache.find("a", 0s), nullptr);
  cache.put("a", value_of("x"), 1s);
  ASSERT_NE(cache.find("a", 10s), nullptr);
  EXPECT_EQ(cache.find("a", 10s)->fields[0], "x");
  EXPECT_EQ(cache.find("a", 11s), nullptr);
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.bytes(), 0u);
  cache.put("a", value_of("x"), 11s);
  cache.put("a", value_of("y"), 12s);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(cache.find("a", 21s)->fields[0], "y");
}

TEST(ValueCache, what_was_used_least_lately_makes_room) {
  ValueCache cache(1h, 10'000);
  for (int key = 0; key < 1000; ++key) {
    cache.put("first", value_of("x"), 0s);
    cache.put(std::to_string(key), value_of(std::string(100, 'x')), 0s);
    EXPECT_NE(cache.find("first", 0s), nullptr);
    EXPECT_LE(cache.bytes(), 10'000u);
  }
  EXPECT_GT(cache.size(), 10u);
  EXPECT_EQ(cache.find("0", 0s), nullptr);
  EXPECT_NE(cache.find("999", 0s), nullptr);
  // One that has no room at all.
  const auto large = value_of(std::string(20'000, 'x'));
  cache.put("large", large, 0s);
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(large->fields[0]->size(), 20'000u) << "whoever holds it has it";
}

TEST(ValueCache, without_a_time_to_live_nothing_is_known) {
  ValueCache cache(0s, 1 << 20);
  cache.put("a", value_of("x"), 1s);
  EXPECT_EQ(cache.find("a", 1s), nullptr);
}

}  // namespace
}  // namespace levada::join_redis

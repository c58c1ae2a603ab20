// What was seen within the time to live is always known, and of what was not, no more than the
// error says.
#include "bloom_generations.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace levada::deduplicate {
namespace {

// Rows of new keys, `keys` of them in 1000 microseconds, five times as long.
double share_taken_for_known(int64_t keys, double error) {
  BloomGenerations filters(1000, keys, error);
  std::mt19937_64 random(1);
  int64_t known = 0;
  for (int64_t row = 0; row < 5 * keys; ++row) {
    filters.pass(row * 1000 / keys);
    known += filters.knows_or_adds(random());
  }
  return static_cast<double>(known) / static_cast<double>(5 * keys);
}

TEST(BloomGenerations, new_keys_are_taken_for_known_no_more_often_than_the_error_says) {
  EXPECT_LE(share_taken_for_known(200'000, 0.01), 0.01);
  EXPECT_LE(share_taken_for_known(200'000, 0.001), 0.001);
  EXPECT_GT(share_taken_for_known(200'000, 0.5), 0.001);  // They are filters.
}

TEST(BloomGenerations, what_was_seen_within_the_time_to_live_is_known) {
  BloomGenerations filters(1000, 1000, 0.001);
  std::mt19937_64 random(2);
  std::deque<std::pair<int64_t, uint64_t>> seen;
  for (int64_t time = -3000; time < 20'000; time += static_cast<int64_t>(random() % 40)) {
    filters.pass(time);
    while (!seen.empty() && seen.front().first <= time - 1000) seen.pop_front();
    for (const auto& [when, hash] : seen) ASSERT_TRUE(filters.knows_or_adds(hash)) << time - when;
    seen.emplace_back(time, random());
    filters.knows_or_adds(seen.back().second);
  }
}

TEST(BloomGenerations, what_is_older_by_a_quarter_more_is_forgotten) {
  BloomGenerations filters(1000, 1000, 0.001);
  for (const int64_t wait : {1250, 1300, 5000, 1'000'000}) {
    filters.forget();
    filters.pass(100);
    EXPECT_FALSE(filters.knows_or_adds(12345));
    filters.pass(100 + wait);
    EXPECT_FALSE(filters.knows_or_adds(12345)) << wait;
  }
}

TEST(BloomGenerations, tell_when_they_hold_more_than_they_were_made_for) {
  BloomGenerations filters(1000, 400, 0.001);
  filters.pass(0);
  for (uint64_t key = 0; key < 90; ++key) filters.knows_or_adds(key * 0x9e3779b97f4a7c15);
  EXPECT_FALSE(filters.is_overfull());
  for (uint64_t key = 90; key < 150; ++key) filters.knows_or_adds(key * 0x9e3779b97f4a7c15);
  EXPECT_TRUE(filters.is_overfull());
  filters.pass(250);
  EXPECT_FALSE(filters.is_overfull());
}

}  // namespace
}  // namespace levada::deduplicate

// What Space-Saving promises, against counts of everything.
#include "space_saving.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace levada::top_k {
namespace {

TEST(SpaceSaving, is_exact_while_each_key_has_a_counter) {
  SpaceSaving counters(3);
  for (const char* key : {"a", "b", "a", "c", "b", "a"}) counters.add({Key::kText, key}, 1);
  const auto greatest = counters.greatest(5);
  ASSERT_EQ(greatest.size(), 3u);
  EXPECT_EQ(counters.key(greatest[0]).bytes, "a");
  EXPECT_EQ(greatest[0].weight, 3);
  EXPECT_EQ(greatest[0].error, 0);
  EXPECT_EQ(counters.key(greatest[1]).bytes, "b");
  EXPECT_EQ(counters.key(greatest[2]).bytes, "c");
}

TEST(SpaceSaving, of_equal_keys_the_one_that_came_first_is_before) {
  SpaceSaving counters(10);
  for (const char* key : {"c", "a", "b"}) counters.add({Key::kText, key}, 2);
  std::string order;
  for (const auto& counter : counters.greatest(3)) order += counters.key(counter).bytes;
  EXPECT_EQ(order, "cab");
}

TEST(SpaceSaving, no_weight_is_less_than_the_true_one_nor_more_by_more_than_its_error) {
  for (const uint64_t seed : {1, 2, 3}) {
    std::mt19937_64 random(seed);
    constexpr size_t kCounters = 100;
    SpaceSaving counters(kCounters);
    std::map<std::string, double> model;
    double total = 0;
    for (int row = 0; row < 50'000; ++row) {
      const auto key = "key " + std::to_string(random() % 4 == 0 ? random() % 5000 : random() % 20);
      const auto weight = static_cast<double>(1 + random() % 5);
      counters.add({Key::kText, key}, weight);
      model[key] += weight;
      total += weight;
    }
    std::map<std::string, double> found;
    for (const auto& counter : counters.greatest(kCounters)) {
      const std::string key(counters.key(counter).bytes);
      found[key] = counter.weight;
      EXPECT_GE(counter.weight, model[key]) << key;
      EXPECT_LE(counter.weight - counter.error, model[key]) << key;
    }
    for (const auto& [key, weight] : model) EXPECT_TRUE(weight <= total / kCounters || found.contains(key)) << key;
  }
}

}  // namespace
}  // namespace levada::top_k

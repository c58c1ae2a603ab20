// Counts by category, against a map.
#include "categories.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace levada::detect_bots {
namespace {

TEST(Categories, count_as_a_map_does) {
  std::mt19937_64 random(11);
  Categories::Pool pool;
  std::vector<Categories> all(20);
  std::vector<std::map<uint64_t, uint64_t>> models(all.size());
  for (int step = 0; step < 200'000; ++step) {
    const auto at = random() % all.size();
    auto& model = models[at];
    // Fingerprints that meet in one place, and such that lie at the end of the block.
    const uint64_t category =
        (random() % 8) << 40 | (random() % 2 ? 5 : ~uint64_t{0} >> 30) | (random() % (at + 1)) << 50;
    if (random() % 2 || model.empty()) {
      all[at].add(category, pool);
      ++model[category];
    } else {
      auto victim = model.lower_bound(category);
      if (victim == model.end()) victim = model.begin();
      all[at].remove(victim->first);
      if (--victim->second == 0) model.erase(victim);
    }
    ASSERT_EQ(all[at].size, model.size());
    if (step % 1000 == 0) {
      std::string state;
      StateWriter writer(state, "test", "");
      all[at].save(writer);
      writer.finish();
      auto reader = StateReader::open(state, "test", "");
      ASSERT_TRUE(reader);
      all[at].release(pool);
      all[at].load(*reader, pool);
      ASSERT_TRUE(reader->finish());
      ASSERT_EQ(all[at].size, model.size());
    }
  }
  for (size_t at = 0; at < all.size(); ++at)
    for (const auto& [category, count] : models[at])
      for (uint64_t each = 0; each < count; ++each) all[at].remove(category);
  for (const auto& each : all) EXPECT_EQ(each.size, 0u);
}

TEST(Categories, one_that_stands_in_a_state_twice_or_never_is_damage) {
  for (const uint64_t count : {0, 1}) {
    std::string state;
    StateWriter writer(state, "test", "");
    writer.value(uint32_t{2});
    writer.value(CategoryCount{7, count});
    writer.value(CategoryCount{7, count});
    writer.finish();
    auto reader = StateReader::open(state, "test", "");
    ASSERT_TRUE(reader);
    Categories::Pool pool;
    Categories categories{};
    categories.load(*reader, pool);
    EXPECT_FALSE(reader->finish());
  }
}

}  // namespace
}  // namespace levada::detect_bots

// How far off summaries are, and that no order shows in them.
#include "sketches.h"

#include <gtest/gtest.h>

#include <random>

namespace levada::window {
namespace {

template <class Sketch>
std::string saved(const Sketch& sketch) {
  std::string state;
  StateWriter writer(state, "", "");
  sketch.save(writer);
  writer.finish();
  return state;
}

TEST(HyperLogLog, is_right_to_a_few_percent_from_a_thousand_to_a_million) {
  std::mt19937_64 random(1);
  HyperLogLog sketch;
  int64_t count = 0;
  for (const int64_t until : {256, 1000, 10'000, 100'000, 1'000'000}) {
    for (; count < until; ++count) sketch.add(random());
    EXPECT_NEAR(static_cast<double>(sketch.estimate()), static_cast<double>(until),
                until == 256 ? 0 : 0.05 * static_cast<double>(until));
  }
  EXPECT_LT(sketch.bytes(), 5000u);
}

TEST(HyperLogLog, is_the_same_in_any_order_and_joined_of_any_pieces) {
  std::mt19937_64 random(2);
  std::vector<uint64_t> hashes(3000);
  for (auto& hash : hashes) hash = random();
  HyperLogLog whole;
  for (const auto hash : hashes) whole.add(hash);
  for (const size_t cut : {0, 1, 200, 1500, 2900}) {
    std::shuffle(hashes.begin(), hashes.end(), random);
    HyperLogLog first, second;
    for (size_t at = 0; at < hashes.size(); ++at) (at < cut ? first : second).add(hashes[at]);
    first.join(second);
    EXPECT_EQ(saved(first), saved(whole));
  }
}

}  // namespace
}  // namespace levada::window

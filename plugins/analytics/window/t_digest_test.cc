// How far off quantiles are, against those of all values, whatever way these lie and come.
#include "t_digest.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace levada::window {
namespace {

std::string saved(const TDigest& digest) {
  std::string state;
  StateWriter writer(state, "", "");
  digest.save(writer);
  writer.finish();
  return state;
}
double at(const TDigest& digest, double share) {
  std::vector<TDigest::Centroid> room;
  return digest.at(share, room);
}
TDigest of(const std::vector<double>& values) {
  TDigest digest;
  for (const double value : values) digest.add(value);
  return digest;
}
// What share of the values is smaller, at least and at most.
std::pair<double, double> ranks(const std::vector<double>& sorted, double value) {
  const auto all = static_cast<double>(sorted.size());
  const auto less = std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
  const auto up_to = std::upper_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
  return {static_cast<double>(less) / all, static_cast<double>(up_to) / all};
}

struct Distribution {
  const char* name;
  std::function<double(std::mt19937_64&, size_t)> value;
};

constexpr size_t kValues = 100'000;

class TDigestTest : public testing::TestWithParam<Distribution> {
 protected:
  TDigestTest() {
    std::mt19937_64 random(1);
    for (size_t at = 0; at < kValues; ++at) values_.push_back(GetParam().value(random, at));
    sorted_ = values_;
    std::sort(sorted_.begin(), sorted_.end());
  }
  // README: a rank is off by at most 0.8 % of the values in the middle, and less towards the ends.
  void expect_right(const TDigest& digest) {
    for (const double share : {0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0}) {
      const auto [from, to] = ranks(sorted_, at(digest, share));
      const double bound = 0.016 * std::sqrt(share * (1 - share)) + 0.0002;
      EXPECT_LE(from - bound, share) << share;
      EXPECT_GE(to + bound, share) << share;
    }
    EXPECT_EQ(at(digest, 0), sorted_.front());
    EXPECT_EQ(at(digest, 1), sorted_.back());
  }
  std::vector<double> values_, sorted_;
};

TEST_P(TDigestTest, ranks_are_off_by_less_than_one_percent_and_less_at_the_ends) {
  const auto digest = of(values_);
  EXPECT_EQ(digest.count(), kValues);
  EXPECT_LE(digest.bytes(), sizeof(TDigest) + TDigest::kRoom * sizeof(TDigest::Centroid));
  expect_right(digest);
}

TEST_P(TDigestTest, so_they_are_when_it_was_joined_of_many) {
  TDigest joined;
  for (size_t first = 0; first < kValues; first += 7000) {
    TDigest part;
    for (size_t at = first; at < std::min(kValues, first + 7000); ++at) part.add(values_[at]);
    joined.join(part);
  }
  EXPECT_EQ(joined.count(), kValues);
  expect_right(joined);
}

TEST_P(TDigestTest, goes_on_after_a_restart_as_if_there_had_been_none) {
  TDigest whole, cut;
  for (size_t at = 0; at < 5000; ++at) {
    whole.add(values_[at]);
    cut.add(values_[at]);
    if (at % 317) continue;
    const auto state = saved(cut);
    TDigest loaded;
    auto reader = StateReader::open(state, "", "");
    loaded.load(*reader);
    ASSERT_TRUE(reader->finish());
    ASSERT_EQ(saved(loaded), state);
    cut = loaded;
  }
  EXPECT_EQ(saved(cut), saved(whole));
}

double uniform(std::mt19937_64& random) { return std::uniform_real_distribution<>(0, 1)(random); }

INSTANTIATE_TEST_SUITE_P(
    Distributions, TDigestTest,
    testing::Values(
        Distribution{"uniform", [](auto& random, size_t) { return uniform(random); }},
        Distribution{"normal", [](auto& random, size_t) { return std::normal_distribution<>(-3, 100)(random); }},
        Distribution{"heavy_tail", [](auto& random, size_t) { return std::pow(uniform(random) + 1e-12, -1.5); }},
        Distribution{"constant", [](auto&, size_t) { return 0.1; }},
        Distribution{"few_values", [](auto& random, size_t) { return std::floor(5 * uniform(random)); }},
        Distribution{"two_hills", [](auto& random, size_t at) { return uniform(random) + (at % 3 == 0 ? 1e6 : -1e6); }},
        Distribution{"sorted", [](auto&, size_t at) { return static_cast<double>(at); }},
        Distribution{"reverse_sorted", [](auto&, size_t at) { return -static_cast<double>(at); }},
        Distribution{"sawtooth", [](auto&, size_t at) { return static_cast<double>(at % 1000); }}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(TDigest, is_exact_as_long_as_all_values_have_room) {
  std::mt19937_64 random(2);
  std::vector<double> values;
  for (size_t at = 0; at <= 398; ++at) values.push_back(static_cast<double>(at));
  std::shuffle(values.begin(), values.end(), random);
  const auto digest = of(values);
  for (size_t at = 0; at <= 398; ++at)
    EXPECT_NEAR(window::at(digest, static_cast<double>(at) / 398), static_cast<double>(at), 1e-9);
  EXPECT_EQ(window::at(of({1, 2}), 0.5), 1.5);
  EXPECT_EQ(window::at(of({7}), 0.3), 7);
}

TEST(TDigest, a_constant_stays_what_it_is) {
  const auto digest = of(std::vector<double>(100'000, 0.1));
  for (const double share : {0.0, 0.3, 0.5, 0.99, 1.0}) EXPECT_EQ(at(digest, share), 0.1);
}

TEST(TDigest, takes_values_of_any_size) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  auto digest = of({0.0, -1e300, 1e300, 1e-300, kInfinity, -std::nan("")});
  EXPECT_EQ(digest.count(), 5u);
  EXPECT_EQ(at(digest, 0), -1e300);
  EXPECT_EQ(at(digest, 0.5), 1e-300);
  EXPECT_EQ(at(digest, 1), kInfinity);
  digest.add(-kInfinity);
  EXPECT_EQ(at(digest, 0), -kInfinity);
  TDigest only;
  only.add(kInfinity);
  EXPECT_EQ(at(only, 0.5), kInfinity);
  TDigest large;
  for (int at = 0; at < 10'000; ++at) large.add(at % 2 ? 1.7e308 : -1.7e308);
  EXPECT_EQ(at(large, 0.1), -1.7e308);
  EXPECT_EQ(at(large, 0.9), 1.7e308);
}

TEST(TDigest, a_damaged_state_is_noticed) {
  std::string state;
  StateWriter writer(state, "", "");
  for (int at = 0; at < 4; ++at) writer.value(uint64_t{0});
  writer.value(uint32_t{1});
  writer.value(std::nan(""));
  writer.value(uint64_t{1});
  writer.finish();
  auto reader = StateReader::open(state, "", "");
  TDigest digest;
  digest.load(*reader);
  EXPECT_FALSE(reader->good());
}

}  // namespace
}  // namespace levada::window

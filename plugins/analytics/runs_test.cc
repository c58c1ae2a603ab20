// Runs lie in the order in which they were renewed.
#include "analytics/runs.h"

#include <gtest/gtest.h>

namespace levada::analytics {
namespace {

std::vector<KeyTable::Number> ended(Runs& runs) {
  std::vector<KeyTable::Number> keys;
  while (runs.oldest() != 0) {
    keys.push_back(runs[runs.oldest()].key);
    runs.end(runs.oldest());
  }
  return keys;
}

TEST(Runs, the_one_that_was_renewed_first_is_the_oldest) {
  Runs runs;
  const auto a = runs.begin(10, 1), b = runs.begin(11, 2), c = runs.begin(12, 3);
  runs.renew(a, 4);
  EXPECT_EQ(runs[a].last, 4);
  EXPECT_EQ(runs[a].first, 1);
  EXPECT_EQ(runs.oldest(), b);
  runs.renew(c, 5);
  runs.end(b);
  const auto d = runs.begin(13, 6);
  EXPECT_EQ(d, b);  // Its place is used again.
  EXPECT_EQ(ended(runs), (std::vector<KeyTable::Number>{10, 12, 13}));
}

TEST(Runs, are_saved_and_loaded_in_their_order) {
  Runs runs, other;
  const auto a = runs.begin(1, 1);
  runs.begin(2, 2);
  runs.renew(a, 3);
  runs[a].count = 7;
  std::string state;
  StateWriter writer(state, "test", "");
  runs.save(writer);
  writer.finish();
  auto reader = StateReader::open(state, "test", "");
  ASSERT_TRUE(reader);
  size_t loaded = 0;
  other.load(*reader, 3, [&](Runs::Id id) { loaded += static_cast<size_t>(other[id].count); });
  EXPECT_TRUE(reader->finish());
  EXPECT_EQ(loaded, 7u);
  EXPECT_EQ(ended(other), (std::vector<KeyTable::Number>{2, 1}));
}

TEST(Runs, one_of_a_key_that_is_not_there_is_no_state) {
  Runs runs, other;
  runs.begin(5, 1);
  std::string state;
  StateWriter writer(state, "test", "");
  runs.save(writer);
  writer.finish();
  auto reader = StateReader::open(state, "test", "");
  ASSERT_TRUE(reader);
  other.load(*reader, 5, [](Runs::Id) {});
  EXPECT_FALSE(reader->finish());
}

}  // namespace
}  // namespace levada::analytics

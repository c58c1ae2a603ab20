// What is known of missing rows, and when readers are to be told.
#include "agent/channels/file/missing_rows.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

TEST(MissingRows, count_a_gap_once) {
  MissingRows missing;
  EXPECT_TRUE(missing.add(1, {10, 0}));
  EXPECT_FALSE(missing.add(1, {10, 0}));
  EXPECT_TRUE(missing.add(1, {20, 0}));
  EXPECT_TRUE(missing.add(2, {10, 0}));
  EXPECT_FALSE(missing.due()) << "a gap without rows is no news";
}

TEST(MissingRows, are_due_until_readers_are_told) {
  MissingRows missing;
  missing.add_segment("/data/main/1.log");
  EXPECT_TRUE(missing.due());
  auto news = missing.begin_telling();
  EXPECT_EQ(news.segments, std::set<std::string>{"/data/main/1.log"});
  EXPECT_TRUE(missing.due()) << "they have not heard of it";
  missing.end_telling(true, news.from);
  EXPECT_FALSE(missing.due());
}

TEST(MissingRows, in_a_segment_that_is_not_known_are_told_too) {
  MissingRows missing;
  missing.add_segment("");
  EXPECT_TRUE(missing.due());
  EXPECT_TRUE(missing.begin_telling().segments.empty());
}

TEST(MissingRows, that_could_not_be_told_are_told_later_from_the_lowest_number_on) {
  MissingRows missing;
  missing.found_lost({{"clicks", 50}, {"orders", 5}});
  const auto news = missing.begin_telling();
  missing.end_telling(false, news.from);
  EXPECT_TRUE(missing.due());
  auto again = missing.begin_telling();
  EXPECT_EQ(again.from, (MissingRows::From{{"clicks", 50}, {"orders", 5}}));
  MissingRows::lower(again.from, "clicks", 20);
  MissingRows::lower(again.from, "orders", 8);
  EXPECT_EQ(again.from, (MissingRows::From{{"clicks", 20}, {"orders", 5}}));
}

TEST(MissingRows, found_while_readers_are_told_are_for_the_next_time) {
  MissingRows missing;
  missing.add_segment("/data/main/1.log");
  const auto news = missing.begin_telling();
  missing.add_segment("/data/main/2.log");
  missing.end_telling(true, news.from);
  EXPECT_TRUE(missing.due());
  EXPECT_EQ(missing.begin_telling().segments, std::set<std::string>{"/data/main/2.log"});
}

TEST(MissingRows, of_a_start_that_lost_nothing_are_not_due) {
  MissingRows missing;
  missing.found_lost({});
  EXPECT_FALSE(missing.due());
}

}  // namespace
}  // namespace levada::agent

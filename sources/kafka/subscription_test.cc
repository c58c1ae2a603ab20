#include "subscription.h"

#include <gtest/gtest.h>

namespace levada::kafka_source {
namespace {

TEST(Share, is_the_number_of_one_of_several) {
  EXPECT_EQ(Share::parse("2/5"), (Share{2, 5}));
  EXPECT_EQ(Share::parse("1/1"), (Share{1, 1}));
  for (const char* text : {"", "2", "2/", "/5", "0/5", "6/5", "-1/5", "2/5x", "2 / 5", "2/0"})
    EXPECT_EQ(Share::parse(text), std::nullopt) << text;
}

TEST(Share, of_all_numbers_owns_each_partition_once) {
  for (int32_t partition = 0; partition < 23; ++partition) {
    int owners = 0;
    for (int32_t number = 1; number <= 5; ++number) owners += Share{number, 5}.owns(partition);
    EXPECT_EQ(owners, 1) << partition;
  }
  EXPECT_TRUE((Share{2, 5}.owns(6)));
  EXPECT_FALSE((Share{2, 5}.owns(5)));
}

TEST(Topics, match_names_in_full_and_patterns_from_their_start) {
  const auto topics = Topics::from({"clicks", "^logs-(a|b).*"});
  ASSERT_TRUE(topics);
  EXPECT_TRUE(topics->match("clicks"));
  EXPECT_FALSE(topics->match("clicks2"));
  EXPECT_TRUE(topics->match("logs-a"));
  EXPECT_TRUE(topics->match("logs-b-2"));
  EXPECT_FALSE(topics->match("logs-c"));
  EXPECT_FALSE(topics->match("my-logs-a"));
  EXPECT_TRUE(topics->has_patterns());
  EXPECT_EQ(topics->names(), std::vector<std::string>{"clicks"});
}

TEST(Topics, of_kafka_itself_are_matched_by_their_name_only) {
  EXPECT_FALSE(Topics::from({"^.*"})->match("__consumer_offsets"));
  EXPECT_TRUE(Topics::from({"^.*", "__consumer_offsets"})->match("__consumer_offsets"));
}

TEST(Topics, refuse_an_empty_list_an_empty_name_and_a_broken_pattern) {
  for (const auto& topics : {std::vector<std::string>{}, {""}, {"^a("}}) {
    const auto parsed = Topics::from(topics);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().option, "topics");
  }
}

}  // namespace
}  // namespace levada::kafka_source

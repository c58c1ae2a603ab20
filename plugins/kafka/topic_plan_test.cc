// What is to be done with topics, and how it is said.
#include "kafka/topic_plan.h"

#include <gtest/gtest.h>

namespace levada {
namespace {

const WantedTopic kWanted{"logs", {3, 1, {{"retention.ms", "1000"}, {"cleanup.policy", "delete"}}}};

TEST(TopicPlan, a_topic_that_is_not_there_is_made) {
  const auto change = compare(kWanted, std::nullopt);
  EXPECT_EQ(change.kind, TopicChange::Kind::create);
  EXPECT_EQ(text_of(change), "+ logs: 3 partitions, replication 1, retention.ms = 1000, cleanup.policy = delete");
  EXPECT_EQ(text_of(compare({"logs", {}}, std::nullopt)), "+ logs: partitions as the broker decides");
}

TEST(TopicPlan, only_what_is_otherwise_is_altered) {
  const TopicState state{1, 1, {{"retention.ms", "604800000"}, {"cleanup.policy", "delete"}}, {"retention.ms"}};
  const auto change = compare(kWanted, state);
  EXPECT_EQ(change.kind, TopicChange::Kind::alter);
  EXPECT_TRUE(change.grows);
  EXPECT_EQ(change.settings, (std::vector<TopicChange::Setting>{{"retention.ms", "604800000", "1000"}}));
  EXPECT_EQ(text_of(change), "~ logs: partitions 1 -> 3, retention.ms 604800000 -> 1000");
}

TEST(TopicPlan, a_topic_that_is_so_stays_as_it_is_with_what_is_not_named) {
  const TopicState state{3,
                         1,
                         {{"retention.ms", "1000"}, {"cleanup.policy", "delete"}, {"segment.ms", "5"}},
                         {"retention.ms", "segment.ms"}};
  const auto change = compare(kWanted, state);
  EXPECT_EQ(change.kind, TopicChange::Kind::none);
  EXPECT_TRUE(change.is_good());
  EXPECT_EQ(text_of(change), "= logs (as it is: segment.ms)");
}

TEST(TopicPlan, what_kafka_cannot_do_is_a_conflict_and_the_rest_is_done) {
  const TopicState state{6, 2, {{"retention.ms", "5"}, {"cleanup.policy", "delete"}}, {}};
  const auto change = compare(kWanted, state);
  EXPECT_FALSE(change.is_good());
  EXPECT_FALSE(change.grows);
  EXPECT_EQ(text_of(change),
            "~ logs: retention.ms 5 -> 1000\n"
            "  ! it has 6 partitions, and 3 are asked for: Kafka takes none away\n"
            "  ! its replication is 2, and 1 is asked for: that is for kafka-reassign-partitions");
}

TEST(TopicPlan, a_setting_that_the_broker_does_not_list_is_asked_for) {
  const auto change = compare({"logs", {-1, -1, {{"remote.copy", "true"}}}}, TopicState{1, 1, {}, {}});
  EXPECT_EQ(text_of(change), "~ logs: remote.copy \"\" -> true");
}

}  // namespace
}  // namespace levada

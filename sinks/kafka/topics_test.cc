// What a configuration says of topics; what is done with them is shown against a real Kafka.
#include "topics.h"

#include <gtest/gtest.h>

#include "kafka/table.h"

namespace levada::kafka_sink {
namespace {

class TopicsTest : public testing::Test {
 protected:
  std::string fault() {
    settings_.topics = topics_.tree();
    const auto topics = declared_topics(settings_);
    return topics ? "none" : topics.error().option + ": " + topics.error().message;
  }
  Table topics_;
  KafkaSettings settings_;
};

TEST_F(TopicsTest, what_a_topic_does_not_say_is_said_for_all) {
  Table common, own, settings;
  common.add("retention.ms", int64_t{1000});
  common.add("cleanup.policy", "delete");
  settings.add("retention.ms", int64_t{5});
  own.add("partitions", int64_t{6});
  own.add("settings", settings);
  topics_.add("ads", own);
  topics_.add("hosts", Table());
  settings_.partitions = 3;
  settings_.replication = 2;
  settings_.topic_settings = common.tree();
  settings_.topics = topics_.tree();
  const auto topics = declared_topics(settings_);
  ASSERT_TRUE(topics);
  ASSERT_EQ(topics->size(), 2u);
  EXPECT_EQ(text_of(compare((*topics)[0], std::nullopt)),
            "+ ads: 6 partitions, replication 2, retention.ms = 5, cleanup.policy = delete");
  EXPECT_EQ(text_of(compare((*topics)[1], std::nullopt)),
            "+ hosts: 3 partitions, replication 2, retention.ms = 1000, cleanup.policy = delete");
}

TEST_F(TopicsTest, what_no_topic_can_have_is_found_with_its_place) {
  Table own;
  own.add("partitions", int64_t{0});
  topics_.add("ads", own);
  EXPECT_EQ(fault(), "topics.ads.partitions: must be a whole number, at least 1");
  topics_ = {};
  Table wrong_name;
  wrong_name.add("partition", int64_t{1});
  topics_.add("ads", wrong_name);
  EXPECT_EQ(fault(), "topics.ads.partition: is none of partitions, replication and the table settings");
  topics_ = {};
  topics_.add("ads/x", Table());
  EXPECT_EQ(fault(),
            "topics.ads/x: the name \"ads/x\" has characters other than a-z, A-Z, 0-9, \".\", \"_\" and \"-\"");
  topics_ = {};
  topics_.add("ads", int64_t{3});
  EXPECT_EQ(fault(), "topics.ads: needs a table: { partitions = 3 }, or {}");
}

}  // namespace
}  // namespace levada::kafka_sink

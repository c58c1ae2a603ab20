#include "kafka_source.h"

#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "source_test_bench.h"

namespace levada::kafka_source {
namespace {

using testkit::texts;
using Strings = std::vector<std::string>;

class KafkaSourceRows : public testing::Test {
 protected:
  KafkaSourceRows() : agent(kafka) {
    agent.settings.share = "1/1";
    agent.host().set_until_drained(true);
  }
  MockCluster kafka;
  Agent agent;
};

TEST_F(KafkaSourceRows, of_every_partition_come_once_and_in_order_and_then_it_ends) {
  kafka.create_topic("clicks", 3);
  for (int partition = 0; partition < 3; ++partition) kafka.produce_numbers("clicks", partition, 0, 50);
  agent.settings.batch_rows = 7;
  agent.start();
  ASSERT_TRUE(agent.poll_to_end());
  ASSERT_EQ(agent.rows.size(), 3u);
  for (int partition = 0; partition < 3; ++partition)
    EXPECT_EQ(agent.rows["clicks/" + std::to_string(partition)], numbers(partition, 0, 50));
  EXPECT_EQ(agent.poll(), Code::end);
}

TEST_F(KafkaSourceRows, have_columns_for_what_the_message_has) {
  kafka.create_topic("clicks", 1);
  kafka.produce("clicks", 0, {"a body of more than 12 bytes", "key", {{"a", "x"}, {"b", "\"y\xff"}, {"a", {}}}, 1234});
  kafka.produce("clicks", 0, {"short", "a key of more than 12 bytes", {}, 5678});
  kafka.produce("clicks", 0, {{}, {}, {}, 9});
  agent.settings.columns.push_back("headers");
  agent.start();
  std::map<std::string, Strings> columns;
  ASSERT_TRUE(agent.poll_until([&, seen = size_t{0}]() mutable {
    if (agent.count() > seen)
      for (const auto& column : agent.last.columns())
        for (auto& text : texts(agent.last, column.name())) columns[column.name()].push_back(text);
    seen = agent.count();
    return seen == 3;
  }));
  EXPECT_EQ(agent.rows["clicks/0"], (Strings{"a body of more than 12 bytes", "short", "<null>"}));
  EXPECT_EQ(columns["topic"], (Strings{"clicks", "clicks", "clicks"}));
  EXPECT_EQ(columns["partition"], (Strings{"0", "0", "0"}));
  EXPECT_EQ(columns["offset"], (Strings{"0", "1", "2"}));
  EXPECT_EQ(columns["timestamp"], (Strings{"1234000", "5678000", "9000"}));
  EXPECT_EQ(agent.last.find("timestamp")->type(), Type::timestamp);
  EXPECT_EQ(columns["key"], (Strings{"key", "a key of more than 12 bytes", "<null>"}));
  EXPECT_EQ(columns["headers"], (Strings{"{\"a\":[\"x\",null],\"b\":\"\\\"y\xef\xbf\xbd\"}", "<null>", "<null>"}));
}

// Whose memory lies behind that of the bodies.
TEST_F(KafkaSourceRows, have_long_keys_beside_long_bodies) {
  kafka.create_topic("clicks", 1);
  kafka.produce("clicks", 0, {"a body of more than 12 bytes", "a key of more than 12 bytes", {}, 1});
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 1; }));
  EXPECT_EQ(texts(agent.last, "key"), Strings{"a key of more than 12 bytes"});
}

TEST_F(KafkaSourceRows, have_only_the_columns_that_are_asked_for) {
  kafka.create_topic("clicks", 1);
  kafka.produce_numbers("clicks", 0, 0, 1);
  agent.settings.columns = {"offset"};
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 1; }));
  ASSERT_EQ(agent.last.columns().size(), 2u);
  EXPECT_EQ(agent.last.columns()[0].name(), "body");
  EXPECT_EQ(agent.last.columns()[1].name(), "offset");
}

TEST_F(KafkaSourceRows, of_large_messages_come_in_batches_of_about_batch_bytes) {
  kafka.create_topic("clicks", 1);
  const std::string large(100'000, 'x');
  for (int count = 0; count < 20; ++count) kafka.produce("clicks", 0, {large});
  agent.settings.batch_bytes = {250'000};
  agent.start();
  int64_t most = 0;
  ASSERT_TRUE(agent.poll_until([&] {
    most = std::max(most, agent.last.rows());
    return agent.count() == 20;
  }));
  EXPECT_LE(most, 2);
}

TEST_F(KafkaSourceRows, are_divided_by_shares) {
  kafka.create_topic("clicks", 5);
  for (int partition = 0; partition < 5; ++partition) kafka.produce_numbers("clicks", partition, 0, 5);
  Agent other(kafka);
  other.host().set_until_drained(true);
  agent.settings.share = "1/2";
  other.settings.share = "2/2";
  agent.start();
  other.start();
  ASSERT_TRUE(agent.poll_to_end());
  ASSERT_TRUE(other.poll_to_end());
  const auto streams = [](const Agent& of) {
    Strings all;
    for (const auto& [stream, rows] : of.rows) all.push_back(stream);
    return all;
  };
  EXPECT_EQ(streams(agent), (Strings{"clicks/0", "clicks/2", "clicks/4"}));
  EXPECT_EQ(streams(other), (Strings{"clicks/1", "clicks/3"}));
  EXPECT_EQ(agent.count() + other.count(), 25u);
}

TEST_F(KafkaSourceRows, of_a_new_topic_that_a_pattern_matches_are_found) {
  kafka.create_topic("logs-a", 1);
  kafka.produce_numbers("logs-a", 0, 0, 3);
  agent.host().set_until_drained(false);
  agent.settings.topics = {"^logs-.*"};
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 3; }));
  kafka.create_topic("other", 1);
  kafka.create_topic("logs-b", 2);
  kafka.produce_numbers("other", 0, 0, 3);
  kafka.produce_numbers("logs-b", 1, 0, 3);
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 6; }));
  EXPECT_EQ(agent.rows["logs-b/1"], numbers(1, 0, 3));
  EXPECT_FALSE(agent.rows.contains("other/0"));
}

TEST_F(KafkaSourceRows, go_on_from_a_position) {
  kafka.create_topic("clicks", 1);
  kafka.produce_numbers("clicks", 0, 0, 10);
  agent.settings.batch_rows = 4;
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() > 0; }));
  ASSERT_LT(agent.count(), 10u);
  agent.start(agent.checkpoints());
  ASSERT_TRUE(agent.poll_to_end());
  EXPECT_EQ(agent.rows["clicks/0"], numbers(0, 0, 10));
}

TEST_F(KafkaSourceRows, begin_at_the_given_offsets) {
  kafka.create_topic("clicks", 2);
  for (int partition = 0; partition < 2; ++partition) kafka.produce_numbers("clicks", partition, 0, 10);
  agent.settings.start = "offsets";
  agent.settings.offsets = {{"clicks/1", "7"}};
  agent.start();
  ASSERT_TRUE(agent.poll_to_end());
  EXPECT_EQ(agent.rows["clicks/0"], numbers(0, 0, 10));
  EXPECT_EQ(agent.rows["clicks/1"], numbers(1, 7, 10));
}

TEST_F(KafkaSourceRows, that_came_after_the_first_look_at_the_latest_are_found_by_the_next_instance) {
  kafka.create_topic("clicks", 1);
  kafka.produce_numbers("clicks", 0, 0, 5);
  agent.settings.start = "latest";
  agent.start();
  ASSERT_TRUE(agent.poll_to_end());
  EXPECT_EQ(agent.count(), 0u);
  ASSERT_EQ(agent.positions.size(), 1u) << "the partition must be announced though it has no rows";
  kafka.produce_numbers("clicks", 0, 5, 8);
  agent.start(agent.checkpoints());
  ASSERT_TRUE(agent.poll_to_end());
  EXPECT_EQ(agent.rows["clicks/0"], numbers(0, 5, 8));
}

TEST_F(KafkaSourceRows, that_were_deleted_before_they_were_read_are_counted_and_reported) {
  kafka.create_topic("clicks", 1);
  kafka.produce_numbers("clicks", 0, 0, 10);
  agent.settings.batch_rows = 2;
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() > 0; }));
  const auto read = agent.count();
  ASSERT_LE(read, 2u);
  agent.stop();
  kafka.delete_rows_before("clicks", 0, 6);
  agent.start(agent.checkpoints());
  ASSERT_TRUE(agent.poll_to_end());
  auto expected = numbers(0, 0, static_cast<int>(read));
  for (const auto& row : numbers(0, 6, 10)) expected.push_back(row);
  EXPECT_EQ(agent.rows["clicks/0"], expected);
  EXPECT_EQ(agent.host().count("rows_missing"), static_cast<int64_t>(6 - read));
  EXPECT_TRUE(agent.host().logged("rows are missing, offsets " + std::to_string(read) + " to 5"));
}

TEST_F(KafkaSourceRows, are_read_anew_where_the_topic_ends_before_the_position) {
  kafka.create_topic("clicks", 1);
  kafka.produce_numbers("clicks", 0, 0, 10);
  agent.start();
  ASSERT_TRUE(agent.poll_to_end());
  auto checkpoint = *read_kafka_position(agent.positions["clicks/0"]);
  checkpoint.offset = 1000;
  agent.rows.clear();
  agent.start({{"clicks/0", write_kafka_position(checkpoint), 0}});
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 10; }));
  EXPECT_EQ(agent.rows["clicks/0"], numbers(0, 0, 10));
  EXPECT_TRUE(agent.host().logged("ends before offset 1000"));
}

TEST_F(KafkaSourceRows, do_not_go_on_from_a_position_in_another_cluster) {
  kafka.create_topic("clicks", 1);
  kafka.produce_numbers("clicks", 0, 0, 10);
  agent.start({{"clicks/0", write_kafka_position({"elsewhere", "", "me", "clicks", 0, 5, "", -1}), 0}});
  ASSERT_TRUE(agent.poll_to_end());
  EXPECT_EQ(agent.rows["clicks/0"], numbers(0, 0, 10));
  EXPECT_TRUE(agent.host().logged("cluster elsewhere"));
}

TEST_F(KafkaSourceRows, end_when_nothing_has_come_for_as_long_as_until_idle_says) {
  kafka.create_topic("clicks", 1);
  kafka.produce_numbers("clicks", 0, 0, 3);
  agent.host().set_until_drained(false);
  agent.settings.until_idle = std::chrono::seconds(2);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 3; }));
  const auto before = agent.host().clock().monotonic();
  ASSERT_TRUE(agent.poll_to_end());
  EXPECT_GE(agent.host().clock().monotonic() - before, std::chrono::seconds(2));
}

TEST_F(KafkaSourceRows, come_again_when_the_broker_is_back) {
  kafka.create_topic("clicks", 1);
  kafka.produce_numbers("clicks", 0, 0, 3);
  agent.host().set_until_drained(false);
  agent.start();
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 3; }));
  kafka.stop_broker();
  for (int polls = 0; polls < 20; ++polls) {
    const auto code = agent.poll();
    EXPECT_TRUE(code == Code::idle || code == Code::retry) << agent.message;
  }
  kafka.start_broker();
  kafka.produce_numbers("clicks", 0, 3, 6);
  ASSERT_TRUE(agent.poll_until([&] { return agent.count() == 6; }));
  EXPECT_EQ(agent.rows["clicks/0"], numbers(0, 0, 6));
}

TEST_F(KafkaSourceRows, of_a_topic_that_is_not_there_are_waited_for) {
  kafka.create_topic("clicks", 1);
  kafka.set_topic_error("clicks", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  auto source = KafkaSource::create(agent.settings, agent.host().host());
  ASSERT_TRUE(source);
  const auto done = (*source)->open({});
  EXPECT_EQ(done.code(), Code::retry);
  EXPECT_NE(done.error().message.find("topic \"clicks\": UNKNOWN_TOPIC_OR_PART"), std::string::npos)
      << done.error().message;
  kafka.set_topic_error("clicks", RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_TRUE((*source)->open({}));
}

TEST_F(KafkaSourceRows, are_not_to_be_had_where_no_broker_answers) {
  kafka.stop_broker();
  auto source = KafkaSource::create(agent.settings, agent.host().host());
  ASSERT_TRUE(source);
  const auto done = (*source)->open({});
  EXPECT_EQ(done.code(), Code::retry);
  EXPECT_NE(done.error().message.find("no broker answers"), std::string::npos) << done.error().message;
}

TEST(KafkaSourceSettings, that_cannot_work_are_refused) {
  const MockCluster kafka;
  const auto fault = [&](auto change) {
    Agent agent(kafka);
    change(agent.settings);
    const auto made = KafkaSource::create(agent.settings, agent.host().host());
    return made ? "" : made.error().option;
  };
  EXPECT_EQ(fault([](auto&) {}), "");
  EXPECT_EQ(fault([](auto& settings) { settings.brokers.clear(); }), "brokers");
  EXPECT_EQ(fault([](auto& settings) { settings.topics = {"^("}; }), "topics");
  EXPECT_EQ(fault([](auto& settings) { settings.share = "3/2"; }), "share");
  EXPECT_EQ(fault([](auto& settings) { settings.start = "soon"; }), "start");
  EXPECT_EQ(fault([](auto& settings) { settings.group = ""; }), "group");
  EXPECT_EQ(fault([](auto& settings) { settings.batch_rows = 0; }), "batch_rows");
  EXPECT_EQ(fault([](auto& settings) { settings.batch_bytes = {0}; }), "batch_bytes");
  EXPECT_EQ(fault([](auto& settings) { settings.align = std::chrono::seconds(-1); }), "align");
}

// Offsets that one instance commits would be where the next one starts.
LEVADA_CONFORMANCE(kafka_source, [] {
  const auto kafka = std::make_shared<MockCluster>();
  kafka->create_topic("clicks", 2);
  for (int partition = 0; partition < 2; ++partition) kafka->produce_numbers("clicks", partition, 0, 5);
  auto subject = testkit::subject("kafka", "brokers = [\"" + kafka->brokers().front() + "\"]\n" + R"(topics = ["clicks"]
share = "1/1"
commit_offsets = false
batch_rows = 2)");
  subject.refused = {
      {"brokers = [\"b:1\"]\ntopics = []", "topics"},
      {"brokers = [\"b:1\"]\ntopics = [\"t\"]\nshare = \"2\"", "share"},
      {"brokers = [\"b:1\"]\ntopics = [\"t\"]\nstart = \"offsets\"", "offsets"},
      {"brokers = [\"b:1\"]\ntopics = [\"t\"]\nlibrdkafka = { \"group.id\" = \"g\" }", "librdkafka.group.id"}};
  subject.prepare = [kafka](testkit::FakeHost& host) { host.set_until_drained(true); };
  return subject;
});

}  // namespace
}  // namespace levada::kafka_source

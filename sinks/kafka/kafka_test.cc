// What the Kafka sink promises, against brokers within the process.
#include "kafka.h"

#include <gtest/gtest.h>

#include "kafka/mock_cluster.h"
#include "kafka/table.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::kafka_sink {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::text_column;
using testkit::texts;
using Strings = std::vector<std::string>;

class KafkaTest : public testing::Test {
 protected:
  KafkaTest() {
    settings_.brokers = cluster_.brokers();
    settings_.topic = "logs";
    settings_.linger = 1ms;
    cluster_.create_topic("logs");
  }
  void start() {
    auto sink = Kafka::create(settings_, host_.host());
    ASSERT_TRUE(sink) << sink.error().option << ": " << sink.error().message;
    sink_ = *std::move(sink);
    const Done opened = sink_->open();
    ASSERT_TRUE(opened) << opened.error().message;
    ASSERT_TRUE(sink_->recover());
  }
  // As the host would: again and again while the sink is busy.
  Done write(Batch batch) {
    for (;;)
      if (Done done = sink_->write(batch, 100ms); done.code() != Code::idle) return done;
  }
  Done commit() {
    for (;;)
      if (Done done = sink_->commit(Checkpoint(), 100ms, rejected_); done.code() != Code::idle) return done;
  }
  void write_and_commit(const Batch& batch) {
    const Done written = write(batch);
    ASSERT_TRUE(written) << written.error().message;
    const Done committed = commit();
    ASSERT_TRUE(committed) << committed.error().message;
  }
  Error create_error() {
    auto sink = Kafka::create(settings_, host_.host());
    return sink ? Error{Code::ok, "was created"} : sink.error();
  }

  MockCluster cluster_;
  testkit::FakeHost host_;
  KafkaSettings settings_;
  Batch rejected_;
  std::unique_ptr<Kafka> sink_;
};

TEST_F(KafkaTest, a_commit_means_that_every_row_is_in_the_topic_once_and_in_order) {
  start();
  ASSERT_TRUE(write(batch_of({"first", "the second row is longer than a view can hold inside"})));
  ASSERT_TRUE(write(batch_of({"third"})));
  ASSERT_TRUE(commit());
  EXPECT_EQ(cluster_.values("logs"),
            (Strings{"first", "the second row is longer than a view can hold inside", "third"}));
  EXPECT_EQ(host_.count("rows_delivered"), 3);
  EXPECT_EQ(host_.count("bytes_delivered"), 62);
}

TEST_F(KafkaTest, lets_go_of_the_memory_when_the_last_report_is_in) {
  start();
  {
    write_and_commit(batch_of({std::string(5000, 'a'), std::string(5000, 'b')}));
  }
  EXPECT_EQ(testkit::memory_in_use(), 0u);
}

TEST_F(KafkaTest, a_batch_of_more_rows_than_may_be_in_flight_goes_in_parts) {
  settings_.in_flight = 10;
  start();
  Strings rows;
  for (int row = 0; row < 95; ++row) rows.push_back("row " + std::to_string(row));
  write_and_commit(batch_of(rows));
  EXPECT_EQ(cluster_.values("logs"), rows);
}

TEST_F(KafkaTest, has_no_more_bytes_in_flight_than_are_allowed) {
  settings_.in_flight_bytes = {1000};
  start();
  const Strings rows(20, std::string(300, 'x'));
  write_and_commit(batch_of(rows));
  EXPECT_EQ(cluster_.values("logs"), rows);
}

TEST_F(KafkaTest, topic_key_and_headers_come_from_columns) {
  settings_.topic = "logs-{host:-nowhere}";
  settings_.key = "user";
  settings_.headers = {{"from", "{host}/{user}"}};
  for (const auto* topic : {"logs-a", "logs-b", "logs-nowhere"}) cluster_.create_topic(topic);
  start();
  Batch batch = batch_of({"1", "2", "3", "4"});
  batch.set(text_column("host", {"a", "b", std::nullopt, "a"}));
  batch.set(text_column("user", {"u1", "u2", "u3", std::nullopt}));
  write_and_commit(batch);
  EXPECT_EQ(cluster_.values("logs-a"), (Strings{"1", "4"}));
  EXPECT_EQ(cluster_.values("logs-b"), (Strings{"2"}));
  EXPECT_EQ(cluster_.values("logs-nowhere"), (Strings{"3"}));
  const auto messages = cluster_.messages("logs-a");
  EXPECT_EQ(messages[0].key, "u1");
  EXPECT_EQ(messages[0].headers, (std::map<std::string, std::string>{{"from", "a/u1"}}));
  EXPECT_EQ(messages[1].key, "<null>");
  EXPECT_TRUE(messages[1].headers.empty());
}

TEST_F(KafkaTest, a_key_may_be_made_of_several_columns) {
  settings_.key = "{host}/{number}";
  start();
  Batch batch = batch_of({"1", "2"});
  batch.set(text_column("host", {"a", "b"}));
  batch.set(testkit::value_column<int64_t>("number", Type::int64, {7, -8}));
  write_and_commit(batch);
  const auto messages = cluster_.messages("logs");
  EXPECT_EQ(messages[0].key, "a/7");
  EXPECT_EQ(messages[1].key, "b/-8");
}

TEST_F(KafkaTest, a_row_without_a_body_is_a_message_without_a_value) {
  start();
  Batch batch(3);
  batch.set(text_column("body", {"a", std::nullopt, ""}, Type::bytes));
  write_and_commit(batch);
  EXPECT_EQ(cluster_.values("logs"), (Strings{"a", "<null>", ""}));
}

TEST_F(KafkaTest, writes_the_other_columns_as_json) {
  settings_.value = KafkaSettings::Value::json;
  start();
  Batch batch = batch_of({"raw", "raw"});
  batch.set(text_column("ip", {"10.0.0.1", "\"quoted\""}));
  batch.set(testkit::value_column<int64_t>("bytes", Type::int64, {5, std::nullopt}));
  write_and_commit(batch);
  EXPECT_EQ(cluster_.values("logs"), (Strings{R"({"ip":"10.0.0.1","bytes":5})", R"({"ip":"\"quoted\""})"}));
}

TEST_F(KafkaTest, stops_where_the_rows_have_no_body_and_says_what_to_do) {
  start();
  Batch batch(1);
  batch.set(text_column("ip", {"10.0.0.1"}));
  const Done written = sink_->write(batch, 0ms);
  EXPECT_EQ(written.code(), Code::fatal);
  EXPECT_EQ(
      written.error().message,
      "the rows have no body column, an interceptor has dropped it: set value = \"json\" to send the other columns");
}

TEST_F(KafkaTest, a_stopped_broker_makes_it_wait_and_loses_nothing) {
  settings_.in_flight = 4;
  start();
  cluster_.stop_broker();
  ASSERT_TRUE(write(batch_of({"1", "2", "3", "4"})));
  ASSERT_TRUE(write(batch_of({"5"})));  // Taken, and kept until there is room.
  Batch waiting = batch_of({"6"});
  for (int call = 0; call < 3; ++call) {
    EXPECT_EQ(sink_->write(waiting, 10ms).code(), Code::idle);
    EXPECT_EQ(texts(waiting, "body"), (Strings{"6"}));
  }
  EXPECT_EQ(sink_->commit(Checkpoint(), 10ms, rejected_).code(), Code::idle);
  cluster_.start_broker();
  ASSERT_TRUE(commit());
  write_and_commit(waiting);
  EXPECT_EQ(cluster_.values("logs"), (Strings{"1", "2", "3", "4", "5", "6"}));
}

TEST_F(KafkaTest, requests_that_fail_are_repeated_without_doubling_rows) {
  Table settings;
  settings.add("retry.backoff.ms", 1);
  settings_.librdkafka = settings.tree();
  start();
  cluster_.answer_produce_with({RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS});
  write_and_commit(batch_of({"1", "2", "3"}));
  EXPECT_EQ(cluster_.values("logs"), (Strings{"1", "2", "3"}));
}

TEST_F(KafkaTest, a_row_that_is_too_large_for_librdkafka_is_rejected_and_the_others_are_not) {
  start();
  Batch batch = batch_of({"small", std::string(2'000'000, 'x'), "small too"});
  batch.set(text_column("file", {"a", "b", "c"}));
  write_and_commit(batch);
  EXPECT_EQ(cluster_.values("logs"), (Strings{"small", "small too"}));
  EXPECT_EQ(texts(rejected_, "reason"), (Strings{"2000000 bytes are more than librdkafka's message.max.bytes allows"}));
  EXPECT_EQ(texts(rejected_, "file"), (Strings{"b"}));
  EXPECT_EQ(host_.count("rows_delivered"), 2);
}

TEST_F(KafkaTest, rows_of_a_batch_that_the_broker_turned_down_are_tried_one_by_one) {
  start();
  // The batch, then its first row.
  cluster_.answer_produce_with({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
  write_and_commit(batch_of({"too large", "good", "good too"}));
  EXPECT_EQ(cluster_.values("logs"), (Strings{"good", "good too"}));
  EXPECT_EQ(texts(rejected_, "body"), (Strings{"too large"}));
  ASSERT_EQ(texts(rejected_, "reason").size(), 1u);
  EXPECT_EQ(texts(rejected_, "reason")[0], "topic \"logs\": Broker: Message size too large");
}

TEST_F(KafkaTest, a_row_without_a_legal_topic_is_rejected) {
  settings_.topic = "logs-{host}";
  cluster_.create_topic("logs-a");
  start();
  Batch batch = batch_of({"1", "2", "3"});
  batch.set(text_column("host", {"a", "no good", std::nullopt}));
  write_and_commit(batch);
  EXPECT_EQ(cluster_.values("logs-a"), (Strings{"1"}));
  EXPECT_EQ(texts(rejected_, "reason"),
            (Strings{"topic \"logs-no good\" has characters other than a-z, A-Z, 0-9, \".\", \"_\" and \"-\"",
                     "the topic is made of column \"host\", which has no value here"}));
}

TEST_F(KafkaTest, a_topic_that_is_not_there_is_waited_for) {
  Table settings;
  settings.add("topic.metadata.propagation.max.ms", 1);
  settings.add("topic.metadata.refresh.fast.interval.ms", 1);
  settings_.librdkafka = settings.tree();
  start();
  cluster_.set_topic_error("missing", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  settings_.topic = "missing";
  start();
  ASSERT_TRUE(write(batch_of({"1"})));
  const Done committed = commit();
  EXPECT_EQ(committed.code(), Code::retry);
  EXPECT_NE(committed.error().message.find("create the topic, or set create_topics = true"), std::string::npos)
      << committed.error().message;
  cluster_.set_topic_error("missing", RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_TRUE(sink_->recover());
  write_and_commit(batch_of({"1"}));
  EXPECT_EQ(host_.count("producers_replaced"), 1);
}

TEST_F(KafkaTest, recover_forgets_what_was_not_committed) {
  start();
  cluster_.stop_broker();
  ASSERT_TRUE(write(batch_of({"uncommitted"})));
  ASSERT_TRUE(sink_->recover());
  EXPECT_EQ(testkit::memory_in_use(), 0u);
  cluster_.start_broker();
  write_and_commit(batch_of({"after"}));
  EXPECT_EQ(cluster_.values("logs"), (Strings{"after"}));
}

TEST_F(KafkaTest, a_producer_that_lost_its_sequence_is_replaced) {
  start();
  cluster_.answer_produce_with({RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  ASSERT_TRUE(write(batch_of({"1", "2"})));
  const Done committed = commit();
  ASSERT_EQ(committed.code(), Code::retry);
  EXPECT_NE(committed.error().message.find("out of order sequence number"), std::string::npos)
      << committed.error().message;
  ASSERT_TRUE(sink_->recover());
  write_and_commit(batch_of({"1", "2"}));
  EXPECT_EQ(cluster_.values("logs"), (Strings{"1", "2"}));
  EXPECT_EQ(host_.count("producers_replaced"), 1);
}

TEST_F(KafkaTest, no_broker_is_a_reason_to_try_again_later) {
  cluster_.stop_broker();
  auto sink = Kafka::create(settings_, host_.host());
  ASSERT_TRUE(sink);
  const Done opened = (*sink)->open();
  EXPECT_EQ(opened.code(), Code::retry);
  EXPECT_NE(opened.error().message.find("Connection refused"), std::string::npos) << opened.error().message;
  cluster_.start_broker();
  EXPECT_TRUE((*sink)->open());
}

TEST_F(KafkaTest, an_empty_batch_is_nothing_to_wait_for) {
  start();
  write_and_commit(batch_of({}));
  EXPECT_TRUE(cluster_.values("logs").empty());
}

LEVADA_CONFORMANCE(kafka, [] {
  static MockCluster cluster;
  const auto brokers = "brokers = [\"" + cluster.brokers().front() + "\"]\n";
  auto tested = testkit::subject("kafka", brokers + "topic = \"conformance\"");
  tested.bodies = {"one", "two", "three", "four"};
  tested.refused = {{brokers + "topic = \"no good\"", "topic"},
                    {brokers + "topic = \"t\"\nin_flight = 0", "in_flight"}};
  return tested;
});

}  // namespace
}  // namespace levada::kafka_sink

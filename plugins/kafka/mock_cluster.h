// Kafka brokers for tests: librdkafka's own, within the process, on ports that the system chooses.
#pragma once

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kafka/handles.h"

// Newer than the header in Debian 12.
extern "C" {
void rd_kafka_mock_group_initial_rebalance_delay_ms(rd_kafka_mock_cluster_t*, int32_t);
rd_kafka_resp_err_t rd_kafka_mock_partition_delete_records(rd_kafka_mock_cluster_t*, const char*, int32_t, int64_t);
typedef struct rd_kafka_mock_request_s rd_kafka_mock_request_t;
void rd_kafka_mock_start_request_tracking(rd_kafka_mock_cluster_t*);
rd_kafka_mock_request_t** rd_kafka_mock_get_requests(rd_kafka_mock_cluster_t*, size_t*);
int16_t rd_kafka_mock_request_api_key(rd_kafka_mock_request_t*);
void rd_kafka_mock_request_destroy_array(rd_kafka_mock_request_t**, size_t);
}

namespace levada {

class MockCluster {
 public:
  struct Message {
    std::string value;
    std::string key;  // "<null>" where there is none.
    std::map<std::string, std::string> headers;
  };

  MockCluster() : owner_(client(RD_KAFKA_PRODUCER, {})) {
    cluster_ = rd_kafka_mock_cluster_new(owner_.get(), 1);
    rd_kafka_mock_group_initial_rebalance_delay_ms(cluster_, 0);
    rd_kafka_mock_start_request_tracking(cluster_);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;
  ~MockCluster() {
    producer_.reset();
    rd_kafka_mock_cluster_destroy(cluster_);
  }

  std::vector<std::string> brokers() const { return {rd_kafka_mock_cluster_bootstraps(cluster_)}; }
  void create_topic(const char* topic, int partitions = 1) {
    rd_kafka_mock_topic_create(cluster_, topic, partitions, 1);
  }
  void set_topic_error(const char* topic, rd_kafka_resp_err_t error) {
    rd_kafka_mock_topic_set_error(cluster_, topic, error);
  }
  void stop_broker() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void start_broker() { rd_kafka_mock_broker_set_up(cluster_, 1); }
  // The next requests to produce are answered with these.
  void answer_produce_with(const std::vector<rd_kafka_resp_err_t>& errors) { answer_with(0, errors); }
  void answer_commit_with(const std::vector<rd_kafka_resp_err_t>& errors) { answer_with(8, errors); }
  void answer_end_of_transaction_with(const std::vector<rd_kafka_resp_err_t>& errors) { answer_with(26, errors); }
  // How many have come.
  size_t join_requests() const { return requests(11); }
  size_t leave_requests() const { return requests(13); }

  void delete_rows_before(const char* topic, int32_t partition, int64_t offset) {
    ASSERT_EQ(rd_kafka_mock_partition_delete_records(cluster_, topic, partition, offset), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  // All that is in the topic's first partition.
  std::vector<Message> messages(const char* topic) const {
    const auto reader = client(RD_KAFKA_CONSUMER, {{"group.id", "reader"},
                                                   {"enable.partition.eof", "true"},
                                                   {"fetch.wait.max.ms", "1"},
                                                   {"auto.offset.reset", "earliest"}});
    const auto parts = partition_list();
    rd_kafka_topic_partition_list_add(parts.get(), topic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(reader.get(), parts.get());
    std::vector<Message> all;
    for (;;) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(reader.get(), 10000);
      if (!message) {
        ADD_FAILURE() << "no answer from the mock broker";
        break;
      }
      const auto error = message->err;
      if (!error) all.push_back(read(message));
      rd_kafka_message_destroy(message);
      if (error) break;
    }
    return all;
  }

  std::vector<std::string> values(const char* topic) const {
    std::vector<std::string> all;
    for (const auto& message : messages(topic)) all.push_back(message.value);
    return all;
  }

  struct Row {
    std::optional<std::string> value, key = {};
    std::vector<std::pair<std::string, std::optional<std::string>>> headers = {};
    int64_t milliseconds = 0;
  };
  void produce(const char* topic, int32_t partition, const Row& row) {
    if (!producer_) producer_ = client(RD_KAFKA_PRODUCER, {{"linger.ms", "0"}});
    rd_kafka_headers_t* headers = rd_kafka_headers_new(row.headers.size());
    for (const auto& [name, value] : row.headers)
      rd_kafka_header_add(headers, name.c_str(), -1, value ? value->data() : nullptr,
                          value ? static_cast<ssize_t>(value->size()) : 0);
    const auto data = [](const auto& text) { return text ? const_cast<char*>(text->data()) : nullptr; };
    const auto size = [](const auto& text) { return text ? text->size() : 0; };
    const auto error =
        rd_kafka_producev(producer_.get(), RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(data(row.value), size(row.value)),
                          RD_KAFKA_V_KEY(data(row.key), size(row.key)), RD_KAFKA_V_TIMESTAMP(row.milliseconds),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
    ASSERT_EQ(error, RD_KAFKA_RESP_ERR_NO_ERROR);
    ASSERT_EQ(rd_kafka_flush(producer_.get(), 10000), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  // "PARTITION:from" .. "PARTITION:to-1".
  void produce_numbers(const char* topic, int32_t partition, int from, int to) {
    for (int number = from; number < to; ++number)
      produce(topic, partition, {std::to_string(partition) + ":" + std::to_string(number)});
  }

  // A member of a group, that of another program, with partitions. It gives some up to others while
  // it is polled.
  Held<rd_kafka_t> join(const char* group, const char* topic) const {
    auto joined = client(RD_KAFKA_CONSUMER, {{"group.id", group},
                                             {"session.timeout.ms", "4000"},
                                             {"heartbeat.interval.ms", "50"},
                                             {"enable.auto.commit", "false"},
                                             {"partition.assignment.strategy", "cooperative-sticky"}});
    rd_kafka_poll_set_consumer(joined.get());
    const auto list = partition_list();
    rd_kafka_topic_partition_list_add(list.get(), topic, RD_KAFKA_PARTITION_UA);
    EXPECT_EQ(rd_kafka_subscribe(joined.get(), list.get()), RD_KAFKA_RESP_ERR_NO_ERROR);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (;;) {
      const Held<rd_kafka_message_t> dropped(rd_kafka_consumer_poll(joined.get(), 10));
      rd_kafka_topic_partition_list_t* assigned = nullptr;
      EXPECT_EQ(rd_kafka_assignment(joined.get(), &assigned), RD_KAFKA_RESP_ERR_NO_ERROR);
      const TopicPartitionList partitions(assigned);
      if (partitions && partitions->cnt > 0) return joined;
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "no partition for the member";
        return joined;
      }
    }
  }

  struct Offset {
    int64_t offset;
    std::string metadata;
  };
  Offset committed(const char* group, const char* topic, int32_t partition) {
    const auto reader = member(group);
    const auto list = partition_list();
    rd_kafka_topic_partition_list_add(list.get(), topic, partition);
    EXPECT_EQ(rd_kafka_committed(reader.get(), list.get(), 10000), RD_KAFKA_RESP_ERR_NO_ERROR);
    const auto& found = list->elems[0];
    return {found.offset, found.metadata ? std::string(static_cast<char*>(found.metadata), found.metadata_size) : ""};
  }
  void commit(const char* group, const char* topic, int32_t partition, int64_t offset, const std::string& metadata) {
    const auto writer = member(group);
    const auto list = partition_list();
    auto* entry = rd_kafka_topic_partition_list_add(list.get(), topic, partition);
    entry->offset = offset;
    entry->metadata = rd_kafka_mem_malloc(writer.get(), metadata.size());
    metadata.copy(static_cast<char*>(entry->metadata), metadata.size());
    entry->metadata_size = metadata.size();
    EXPECT_EQ(rd_kafka_commit(writer.get(), list.get(), 0), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

 private:
  Held<rd_kafka_t> client(rd_kafka_type_t type, const std::map<std::string, std::string>& properties) const {
    char why[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    if (cluster_)
      rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_), why, sizeof why);
    for (const auto& [name, value] : properties) rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why, sizeof why);
    return Held<rd_kafka_t>(rd_kafka_new(type, conf, why, sizeof why));
  }
  // One that reads nothing.
  Held<rd_kafka_t> member(const char* group) const { return client(RD_KAFKA_CONSUMER, {{"group.id", group}}); }
  // By the number that the protocol gives to a kind of requests.
  void answer_with(int16_t kind, const std::vector<rd_kafka_resp_err_t>& errors) {
    rd_kafka_mock_push_request_errors_array(cluster_, kind, errors.size(), errors.data());
  }
  size_t requests(int16_t kind) const {
    size_t all = 0, found = 0;
    auto** const each = rd_kafka_mock_get_requests(cluster_, &all);
    for (size_t at = 0; at < all; ++at) found += rd_kafka_mock_request_api_key(each[at]) == kind;
    rd_kafka_mock_request_destroy_array(each, all);
    return found;
  }
  static Message read(const rd_kafka_message_t* from) {
    const auto text = [](const void* data, size_t size) {
      return data ? std::string(static_cast<const char*>(data), size) : "<null>";
    };
    Message message{text(from->payload, from->len), text(from->key, from->key_len), {}};
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(from, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* name;
      const void* value;
      size_t size;
      for (size_t at = 0; !rd_kafka_header_get_all(headers, at, &name, &value, &size); ++at)
        message.headers[name] = text(value, size);
    }
    return message;
  }

  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  Held<rd_kafka_t> owner_, producer_;
};

}  // namespace levada

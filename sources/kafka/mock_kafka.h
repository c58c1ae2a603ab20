// A Kafka broker within the test program, and rows in it. On ports that the system chooses.
#pragma once

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kafka/handles.h"

// Newer than the header in Debian 12.
extern "C" {
void rd_kafka_mock_group_initial_rebalance_delay_ms(rd_kafka_mock_cluster_t*, int32_t);
rd_kafka_resp_err_t rd_kafka_mock_partition_delete_records(rd_kafka_mock_cluster_t*, const char*, int32_t, int64_t);
}

namespace levada::kafka_source {

class MockKafka {
 public:
  MockKafka() {
    char why[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    rd_kafka_conf_set(conf, "linger.ms", "0", why, sizeof why);
    owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why));
    cluster_ = rd_kafka_mock_cluster_new(owner_.get(), 1);
    rd_kafka_mock_group_initial_rebalance_delay_ms(cluster_, 0);
    conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_), why, sizeof why);
    rd_kafka_conf_set(conf, "linger.ms", "0", why, sizeof why);
    producer_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why));
  }
  MockKafka(const MockKafka&) = delete;
  MockKafka& operator=(const MockKafka&) = delete;
  ~MockKafka() {
    producer_.reset();
    rd_kafka_mock_cluster_destroy(cluster_);
  }

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void create_topic(const char* topic, int partitions) { rd_kafka_mock_topic_create(cluster_, topic, partitions, 1); }
  void stop() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void start() { rd_kafka_mock_broker_set_up(cluster_, 1); }
  void set_topic_error(const char* topic, rd_kafka_resp_err_t error) {
    rd_kafka_mock_topic_set_error(cluster_, topic, error);
  }
  // The next requests of that kind are answered with these.
  void answer(int16_t request, const std::vector<rd_kafka_resp_err_t>& errors) {
    rd_kafka_mock_push_request_errors_array(cluster_, request, errors.size(), errors.data());
  }
  void delete_rows_before(const char* topic, int32_t partition, int64_t offset) {
    ASSERT_EQ(rd_kafka_mock_partition_delete_records(cluster_, topic, partition, offset), RD_KAFKA_RESP_ERR_NO_ERROR);
  }

  struct Row {
    std::optional<std::string> value, key = {};
    std::vector<std::pair<std::string, std::optional<std::string>>> headers = {};
    int64_t milliseconds = 0;
  };
  void produce(const char* topic, int32_t partition, const Row& row) {
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
  // One that reads nothing.
  Held<rd_kafka_t> member(const char* group) const {
    char why[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_), why, sizeof why);
    rd_kafka_conf_set(conf, "group.id", group, why, sizeof why);
    return Held<rd_kafka_t>(rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why));
  }

  Held<rd_kafka_t> owner_, producer_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace levada::kafka_source

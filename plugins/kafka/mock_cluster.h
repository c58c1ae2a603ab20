// Kafka brokers for tests: librdkafka's own, within the process, on ports that the system chooses.
#pragma once

#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <map>
#include <string>
#include <vector>

namespace levada {

class MockCluster {
 public:
  struct Message {
    std::string value;
    std::string key;  // "<null>" where there is none.
    std::map<std::string, std::string> headers;
  };

  MockCluster() {
    char why[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    owner_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    cluster_ = rd_kafka_mock_cluster_new(owner_, 1);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;
  ~MockCluster() {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(owner_);
  }

  std::vector<std::string> brokers() const { return {rd_kafka_mock_cluster_bootstraps(cluster_)}; }
  void create_topic(const char* topic) { rd_kafka_mock_topic_create(cluster_, topic, 1, 1); }
  void set_topic_error(const char* topic, rd_kafka_resp_err_t error) {
    rd_kafka_mock_topic_set_error(cluster_, topic, error);
  }
  void stop_broker() { rd_kafka_mock_broker_set_down(cluster_, 1); }
  void start_broker() { rd_kafka_mock_broker_set_up(cluster_, 1); }
  // The next requests to produce are answered with these.
  void answer_produce_with(const std::vector<rd_kafka_resp_err_t>& errors) { answer_with(0, errors); }
  void answer_end_of_transaction_with(const std::vector<rd_kafka_resp_err_t>& errors) { answer_with(26, errors); }

  // All that is in the topic's one partition.
  std::vector<Message> messages(const char* topic) const {
    char why[256];
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_), why, sizeof why);
    rd_kafka_conf_set(conf, "group.id", "reader", why, sizeof why);
    rd_kafka_conf_set(conf, "enable.partition.eof", "true", why, sizeof why);
    rd_kafka_conf_set(conf, "fetch.wait.max.ms", "1", why, sizeof why);
    rd_kafka_conf_set(conf, "auto.offset.reset", "earliest", why, sizeof why);
    rd_kafka_t* reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why);
    rd_kafka_topic_partition_list_t* parts = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(parts, topic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(reader, parts);
    rd_kafka_topic_partition_list_destroy(parts);
    std::vector<Message> all;
    for (;;) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(reader, 10000);
      if (!message) {
        ADD_FAILURE() << "no answer from the mock broker";
        break;
      }
      const auto error = message->err;
      if (!error) all.push_back(read(message));
      rd_kafka_message_destroy(message);
      if (error) break;
    }
    rd_kafka_destroy(reader);
    return all;
  }

  std::vector<std::string> values(const char* topic) const {
    std::vector<std::string> all;
    for (const auto& message : messages(topic)) all.push_back(message.value);
    return all;
  }

 private:
  // By the number that the protocol gives to a kind of requests.
  void answer_with(int16_t kind, const std::vector<rd_kafka_resp_err_t>& errors) {
    rd_kafka_mock_push_request_errors_array(cluster_, kind, errors.size(), errors.data());
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

  rd_kafka_t* owner_;
  rd_kafka_mock_cluster_t* cluster_;
};

}  // namespace levada

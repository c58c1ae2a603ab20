// librdkafka's objects as C++ values that clean up after themselves, and its errors as values.
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace levada {

namespace detail {
struct KafkaFree {
  void operator()(rd_kafka_t* client) const { rd_kafka_destroy(client); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_event_t* event) const { rd_kafka_event_destroy(event); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
  void operator()(rd_kafka_consumer_group_metadata_t* group) const { rd_kafka_consumer_group_metadata_destroy(group); }
  void operator()(rd_kafka_NewTopic_t* topic) const { rd_kafka_NewTopic_destroy(topic); }
  void operator()(rd_kafka_ConfigResource_t* resource) const { rd_kafka_ConfigResource_destroy(resource); }
  void operator()(rd_kafka_AdminOptions_t* options) const { rd_kafka_AdminOptions_destroy(options); }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
};
}  // namespace detail

// Held<rd_kafka_t>, Held<rd_kafka_queue_t>, ...
template <class T>
using Held = std::unique_ptr<T, detail::KafkaFree>;

// Where partitions and their offsets are listed.
using TopicPartitionList = Held<rd_kafka_topic_partition_list_t>;
inline TopicPartitionList partition_list(size_t room = 1) {
  return TopicPartitionList(rd_kafka_topic_partition_list_new(static_cast<int>(room)));
}

// What a call that gives rd_kafka_error_t* came to; null is success.
class KafkaError {
 public:
  KafkaError() = default;
  explicit KafkaError(rd_kafka_error_t* error) : error_(error) {}
  explicit operator bool() const { return error_ != nullptr; }
  rd_kafka_resp_err_t code() const { return rd_kafka_error_code(error_.get()); }
  // "COORDINATOR_NOT_AVAILABLE: ...".
  std::string text() const {
    return std::string(rd_kafka_error_name(error_.get())) + ": " + rd_kafka_error_string(error_.get());
  }
  bool retriable() const { return rd_kafka_error_is_retriable(error_.get()); }
  bool requires_abort() const { return rd_kafka_error_txn_requires_abort(error_.get()); }
  bool fatal() const { return rd_kafka_error_is_fatal(error_.get()); }

 private:
  Held<rd_kafka_error_t> error_;
};

inline int milliseconds(std::chrono::nanoseconds timeout) {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
}

// The id of the cluster; empty where no broker has answered in time.
inline std::string cluster_id(rd_kafka_t* client, std::chrono::nanoseconds timeout) {
  char* id = rd_kafka_clusterid(client, milliseconds(timeout));
  if (!id) return {};
  std::string text = id;
  rd_kafka_mem_free(client, id);
  return text;
}

}  // namespace levada

// What a user can set for the Kafka sink, beside the connection.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kafka/connection.h"
#include "levada/options.h"

namespace levada::kafka_sink {

struct KafkaSettings : KafkaConnection {
  enum class Value { body, json };
  enum class Acks { all, leader, none };
  enum class Compression { none, gzip, snappy, lz4, zstd };

  std::string topic;
  std::optional<std::string> key;
  std::vector<std::pair<std::string, std::string>> headers;
  Value value = Value::body;
  Acks acks = Acks::all;
  bool idempotent = true;
  Compression compression = Compression::none;
  std::chrono::nanoseconds linger = std::chrono::milliseconds(5);
  int64_t in_flight = 10000;
  Size in_flight_bytes = {512 << 10};
  bool create_topics = false;
  std::optional<int64_t> partitions;
  std::optional<int64_t> replication;
  Tree topic_settings;
  Tree topics;  // Only while the sink is made.
  bool apply_topics = false;
  bool transactions = false;
  std::optional<std::string> transactional_id;
  std::chrono::nanoseconds transaction_timeout = std::chrono::minutes(1);
  std::string positions_topic = "levada-positions";
  bool group_offsets = false;
};

}  // namespace levada::kafka_sink

// What a user can set for the Kafka sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "levada/options.h"

namespace levada {

struct KafkaSettings {
  enum class Value { body, json };
  enum class Acks { all, leader, none };
  enum class Compression { none, gzip, snappy, lz4, zstd };

  std::vector<std::string> brokers;
  std::string topic;
  std::optional<std::string> key;
  std::vector<std::pair<std::string, std::string>> headers;
  Value value = Value::body;
  Acks acks = Acks::all;
  bool idempotent = true;
  Compression compression = Compression::none;
  std::chrono::nanoseconds linger = std::chrono::milliseconds(5);
  int64_t window = 10000;
  Size window_bytes = {512 << 10};
  bool create_topics = false;
  std::optional<int64_t> partitions;
  std::optional<int64_t> replication;
  Tree topic_settings;
  bool tls = false;
  std::optional<std::string> ca_file;
  std::optional<std::string> certificate_file;
  std::optional<std::string> key_file;
  std::optional<std::string> sasl_mechanism;
  std::optional<std::string> username;
  std::optional<std::string> password;
  Tree librdkafka;
};

}  // namespace levada

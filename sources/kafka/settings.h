// What a user can set for the Kafka source.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kafka/connection.h"
#include "levada/options.h"

namespace levada::kafka_source {

struct KafkaSourceSettings : KafkaConnection {
  enum class Isolation { read_committed, read_uncommitted };

  std::vector<std::string> topics;
  std::optional<std::string> group;
  std::optional<std::string> share;
  std::string start = "earliest";
  std::vector<std::pair<std::string, std::string>> offsets;
  Isolation isolation = Isolation::read_committed;
  std::vector<std::string> columns;
  bool commit_offsets = true;
  std::chrono::nanoseconds align{};
  std::optional<std::chrono::nanoseconds> until_idle;
  int64_t batch_rows = 10000;
  Size batch_bytes = {1 << 20};
};

}  // namespace levada::kafka_source

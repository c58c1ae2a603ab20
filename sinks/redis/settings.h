// What a user may set of the sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "redis/server.h"

namespace levada::redis_sink {

struct RedisSettings : redis::Server {
  enum class Mode { hash, keys, set, list, stream, publish };

  Mode mode = Mode::hash;
  std::string key;
  std::optional<std::string> field;
  std::string value = "json";
  std::vector<std::string> columns;
  std::optional<std::chrono::nanoseconds> ttl;
  std::optional<int64_t> max_length;
  bool transactions = true;
  std::optional<std::string> checkpoint_key;
};

}  // namespace levada::redis_sink

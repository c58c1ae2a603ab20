// What a user may set of the sink.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "levada/options.h"

namespace levada::redis_sink {

struct RedisSettings {
  enum class Mode { hash, keys, set, list, stream, publish };

  std::string address = "127.0.0.1:6379";
  std::optional<std::string> user;
  std::optional<std::string> password;
  int64_t database = 0;
  bool tls = false;
  std::optional<std::string> tls_ca;
  std::chrono::nanoseconds timeout = std::chrono::seconds(5);
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

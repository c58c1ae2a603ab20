// What a user may set of the source.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "postgres/server.h"

namespace levada::postgres_source {

struct PostgresSettings : postgres::Server {
  std::string query;
  std::string cursor;
  std::optional<std::string> start;
  std::optional<std::string> end;
  std::optional<std::string> share;
  bool wait_for_writers = true;
  int64_t batch_rows = 10'000;
  std::chrono::nanoseconds interval = std::chrono::seconds(10);
};

}  // namespace levada::postgres_source

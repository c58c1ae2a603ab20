// What a user may set of the sink.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "postgres/server.h"

namespace levada::postgres_sink {

struct PostgresSettings : postgres::Server {
  enum class Mode { append, upsert, ignore };

  std::string table;
  Mode mode = Mode::append;
  std::vector<std::string> keys;
  std::vector<std::string> columns;
  bool create_table = false;
  bool add_columns = false;
  std::vector<std::pair<std::string, std::string>> types;
  std::string positions_table = "levada_positions";
  std::optional<std::string> positions_id;
};

}  // namespace levada::postgres_sink

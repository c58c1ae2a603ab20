// Joins rows with those of a query to PostgreSQL: as a table in memory, asked for again and again,
// or with those that have the keys of a batch.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "join/join.h"
#include "key_lookup.h"
#include "levada/sdk.h"
#include "postgres/server.h"
#include "table_loader.h"

namespace levada::join_postgres {

class JoinPostgres final : public Interceptor {
 public:
  enum class Load { table, keys };
  struct Settings : join::TableSettings, postgres::Server {
    std::string query;
    Load load = Load::table;
    std::chrono::nanoseconds refresh = std::chrono::minutes(1);
  };
  static constexpr auto options = join_options(
      inherited<Settings, postgres::kServerOptions, 0, 2>(),
      std::array{
          required<&Settings::query>("query", "The SELECT whose rows are the table."),
          choice<&Settings::load>("load", "table|keys", R"("table")",
                                  "What is asked for: all rows, which then lie in memory; or for each batch those with "
                                  "its keys."),
      },
      inherited<Settings, join::kTableOptions>(), inherited<Settings, join::kJoinOptions>(),
      std::array{
          optional<&Settings::refresh>("refresh", R"("1m")",
                                       "With load = \"table\": how long after a query the next one is made."),
      },
      inherited<Settings, postgres::kServerOptions, 2, 3>());
  static Result<std::unique_ptr<JoinPostgres>> create(Settings settings, Host host);

  Done open() override;
  Done intercept(Batch& batch) override;
  Done close(std::chrono::nanoseconds timeout) override;

 private:
  JoinPostgres(const Settings& settings, join::TableShape shape, Host host);

  join::TableJoiner joiner_;
  // One of them, as `load` says.
  std::optional<TableLoader> loader_;
  std::optional<KeyLookup> lookup_;
};

}  // namespace levada::join_postgres

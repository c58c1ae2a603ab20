// Joins rows with those of a table, which is the result of a query to PostgreSQL, asked for again
// and again.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "join/join.h"
#include "levada/sdk.h"
#include "postgres/server.h"
#include "table_loader.h"

namespace levada::join_postgres {

class JoinPostgres final : public Interceptor {
 public:
  struct Settings : join::TableSettings, postgres::Server {
    std::string query;
    std::chrono::nanoseconds refresh = std::chrono::minutes(1);
  };
  static constexpr auto options = join_options(
      inherited<Settings, postgres::kServerOptions, 0, 2>(),
      std::array{
          required<&Settings::query>("query", "The SELECT whose rows are the table."),
      },
      inherited<Settings, join::kTableOptions>(), inherited<Settings, join::kJoinOptions>(),
      std::array{
          optional<&Settings::refresh>("refresh", R"("1m")", "How long after a query the next one is made."),
      },
      inherited<Settings, postgres::kServerOptions, 2, 3>());
  static Result<std::unique_ptr<JoinPostgres>> create(Settings settings, Host host);

  Done open() override;
  Done intercept(Batch& batch) override;
  Done close(std::chrono::nanoseconds timeout) override;

 private:
  JoinPostgres(const Settings& settings, join::TableShape shape, Host host);

  join::TableJoiner joiner_;
  TableLoader loader_;
};

}  // namespace levada::join_postgres

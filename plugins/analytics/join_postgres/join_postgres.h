// Joins rows with those of a table, which is the result of a query to PostgreSQL, asked for again
// and again.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "join/join.h"
#include "levada/sdk.h"
#include "table_loader.h"

namespace levada::join_postgres {

class JoinPostgres final : public Interceptor {
 public:
  struct Settings : join::TableSettings {
    std::string connection;
    std::string password;
    std::string query;
    std::chrono::nanoseconds refresh = std::chrono::minutes(1);
    std::chrono::nanoseconds timeout = std::chrono::seconds(30);
  };
  static constexpr auto options = join_options(
      std::array{
          required<&Settings::connection>("connection",
                                          "The server and its database, as libpq takes it: "
                                          "\"postgresql://user@host/database?sslmode=verify-full\", or \"host=... "
                                          "dbname=...\".")
              .secret(),
          optional<&Settings::password>("password", R"("")", "The user's password, where `connection` has none.")
              .secret(),
          required<&Settings::query>("query", "The SELECT whose rows are the table."),
      },
      inherited<Settings, join::kTableOptions>(), inherited<Settings, join::kJoinOptions>(),
      std::array{
          optional<&Settings::refresh>("refresh", R"("1m")", "How long after a query the next one is made."),
          optional<&Settings::timeout>("timeout", R"("30s")",
                                       "How long the server may be silent, while it computes the query too, before it "
                                       "is given up."),
      });
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

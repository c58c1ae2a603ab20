// The log API: clients post logs and results, which become rows, and read what is in the database.
#pragma once

#include <memory>
#include <string>

#include "http_server/row_server.h"
#include "postgres/server.h"
#include "queries.h"

namespace levada::log_api {

class LogApi final : public http_server::RowServer {
 public:
  struct Settings : http_server::RowServerSettings, postgres::Server {
    std::string logs_table, results_table;
    int64_t readers = 2;
  };
  static constexpr auto options = join_options(
      http_server::row_server_options<Settings>(), inherited<Settings, postgres::kServerOptions>(),
      std::array{
          optional<&Settings::logs_table>("logs_table", R"("logs")", "The table that logs are read from."),
          optional<&Settings::results_table>("results_table", R"("results")", "The table that results are read from."),
          optional<&Settings::readers>("readers", "2", "Connections to the database, 1 to 64.").advanced(),
      });
  static Result<std::unique_ptr<LogApi>> create(Settings settings, Host host);
  ~LogApi() override;

  Done open(std::span<const Position> positions) override;
  Done close(std::chrono::nanoseconds timeout) override;

 private:
  using HttpRequest = http_server::HttpRequest;
  using HttpResponse = http_server::HttpResponse;

  LogApi(Settings settings, Queries::Tables tables, http_server::HttpListener::Options options, Host host);
  std::optional<HttpResponse> refuse(const HttpRequest& request) override;
  void serve(HttpRequest& request, http_server::HttpAnswer answer) override;

  const postgres::Server server_;
  const Queries::Tables tables_;
  const size_t readers_;
  const Host host_;
  std::unique_ptr<Queries> queries_;
};

}  // namespace levada::log_api

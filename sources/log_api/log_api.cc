#include "log_api.h"

#include "bodies.h"
#include "openapi.h"
#include "postgres/sql_text.h"

namespace levada::log_api {
namespace {

using http_server::HttpResponse;
using http_server::Route;

constexpr int kCreated = 201;
constexpr int64_t kMostReaders = 64;

std::vector<Route> routes() {
  Route logs, results;
  logs.path = "/logs";
  logs.read = read_log;
  logs.columns = {{"kind", "log"}};
  logs.row_columns = {"name", "content"};
  results.path = "/results";
  results.read = read_result;
  results.columns = {{"kind", "result"}};
  results.row_columns = {"log_id", "result"};
  for (auto* route : {&logs, &results}) {
    route->status = kCreated;
    route->id_column = "id";
    route->time_column = "received_at";
  }
  return {logs, results};
}

// Which methods a path has; empty where there is no such path.
std::string_view methods_of(std::string_view path) {
  if (path == "/logs" || path == "/results") return "POST";
  for (const auto* read : {"/list-logs", "/stats", "/health", "/openapi.json"})
    if (path == read) return "GET, HEAD";
  if (path.starts_with("/logs/") || path.starts_with("/results/")) return "GET, HEAD";
  return {};
}

}  // namespace

Result<std::unique_ptr<LogApi>> LogApi::create(Settings settings, Host host) {
  auto options = check(settings, host);
  if (!options) return std::move(options).error();
  LEVADA_TRY(postgres::check(settings));
  Queries::Tables tables;
  for (const auto& [option, name, to] : {std::tuple("logs_table", &settings.logs_table, &tables.logs),
                                         std::tuple("results_table", &settings.results_table, &tables.results)}) {
    auto quoted = postgres::quoted_table(*name);
    if (!quoted) return wrong(option, "must be \"table\" or \"schema.table\"");
    *to = *std::move(quoted);
  }
  if (settings.readers < 1 || settings.readers > kMostReaders) return wrong("readers", "must be 1 to 64");
  return std::unique_ptr<LogApi>(new LogApi(std::move(settings), std::move(tables), *std::move(options), host));
}

LogApi::LogApi(Settings settings, Queries::Tables tables, http_server::HttpListener::Options options, Host host)
    : RowServer(settings, routes(), std::move(options), host),
      server_(settings),
      tables_(std::move(tables)),
      readers_(static_cast<size_t>(settings.readers)),
      host_(host) {}

LogApi::~LogApi() { end_serving(); }

Done LogApi::open(std::span<const Position> positions) {
  if (!queries_) queries_ = std::make_unique<Queries>(server_, tables_, readers_, host_);
  return RowServer::open(positions);
}

Done LogApi::close(std::chrono::nanoseconds timeout) {
  LEVADA_TRY(RowServer::close(timeout));
  queries_.reset();
  return {};
}

std::optional<HttpResponse> LogApi::refuse(const HttpRequest& request) {
  const auto methods = methods_of(request.path);
  if (methods.empty()) return HttpResponse::error(404, "there is nothing at this path");
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (methods == "POST" ? request.method != "POST" : !is_get) {
    auto response = HttpResponse::error(405, "only " + std::string(methods));
    response.headers.emplace_back("Allow", methods);
    return response;
  }
  return is_get ? std::nullopt : RowServer::refuse(request);
}

void LogApi::serve(HttpRequest& request, http_server::HttpAnswer answer) {
  if (request.method == "POST") return RowServer::serve(request, std::move(answer));
  if (request.path == "/openapi.json") return answer({.body = std::string(kOpenApi)});
  queries_->answer(request, std::move(answer));
}

}  // namespace levada::log_api

#include "queries.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "json/json_text.h"
#include "json/json_writer.h"

namespace levada::log_api {
namespace {

using http_server::HttpResponse;
using postgres::Connection;

constexpr int64_t kUsualPage = 100, kMostPage = 1000;
constexpr int64_t kIdCharacters = 200;
constexpr const char* kNoTable = "42P01";
constexpr const char* kNoValue = "22";  // Such an id cannot be in a column that has no texts.
// With microseconds, in UTC, whatever the session's time zone.
constexpr const char* kTime = "to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')";

std::string json_text(std::string_view text) {
  std::string out(text.size() * 6 + 2, '\0');
  out.resize(static_cast<size_t>(write_json_string(text, out.data()) - out.data()));
  return out;
}

std::string_view value_of(const PGresult* result, int row, int column) {
  return {PQgetvalue(result, row, column), static_cast<size_t>(PQgetlength(result, row, column))};
}

// {"id":"...","name":null,...} of a row, by the names of its columns; those of `raw` are
// JSON already.
std::string object_of(const PGresult* result, int row, std::string_view raw) {
  std::string out = "{";
  for (int column = 0; column < PQnfields(result); ++column) {
    const std::string_view name = PQfname(result, column);
    if (column > 0) out += ',';
    out += json_text(name) + ':';
    if (PQgetisnull(result, row, column)) out += "null";
    else if (raw.find(' ' + std::string(name) + ' ') != raw.npos) out += value_of(result, row, column);
    else out += json_text(value_of(result, row, column));
  }
  return out + '}';
}

// Whether `text` may be an id; PostgreSQL takes no others as text.
bool is_id(std::string_view text) {
  const auto characters = std::ranges::count_if(text, [](char each) { return (each & 0xc0) != 0x80; });
  return characters > 0 && characters <= kIdCharacters && text.find('\0') == text.npos && is_utf8(text);
}

// A cursor is where the last page ended: "2026-11-27T20:00:00.000000Z/ID". A day that its month has
// not is one of the next month, so that what the description allows is right.
bool read_cursor(std::string_view cursor, std::string& time, std::string& id) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.ddddddZ/";
  if (cursor.size() <= kForm.size()) return false;
  for (size_t at = 0; at < kForm.size(); ++at)
    if (kForm[at] == 'd' ? cursor[at] < '0' || cursor[at] > '9' : cursor[at] != kForm[at]) return false;
  const auto number = [&](size_t at, size_t size) {
    unsigned out = 0;
    for (const char digit : cursor.substr(at, size)) out = out * 10 + static_cast<unsigned>(digit - '0');
    return out;
  };
  const auto year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 1000 || month < 1 || month > 12 || day < 1 || day > 31) return false;
  if (number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 59) return false;
  using namespace std::chrono;
  const year_month_day there{sys_days{std::chrono::year(static_cast<int>(year)) / std::chrono::month(month) / 1} +
                             days(day - 1)};
  std::array<char, 16> date{};
  std::snprintf(date.data(), date.size(), "%04d-%02u-%02u", static_cast<int>(there.year()),
                static_cast<unsigned>(there.month()), static_cast<unsigned>(there.day()));
  time = date.data() + std::string(cursor.substr(10, kForm.size() - 11));
  id = cursor.substr(kForm.size());
  return is_id(id);
}

}  // namespace

Queries::Queries(postgres::Server server, Tables tables, size_t threads, Host host)
    : server_(std::move(server)), tables_(std::move(tables)), host_(host) {
  for (size_t at = 0; at < threads; ++at) threads_.emplace_back([this] { run(); });
}

Queries::~Queries() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  stop_.raise();
  for (auto& thread : threads_) thread.join();
  for (auto& each : waiting_) each.answer(HttpResponse::retry(503, "the agent is being stopped"));
}

void Queries::answer(const http_server::HttpRequest& request, http_server::HttpAnswer answer) {
  auto question = question_of(request);
  if (!question)
    return answer(HttpResponse::error(question.error().option == "404" ? 404 : 400, question.error().message));
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kWaiting) {
      waiting_.push_back({*std::move(question), std::move(answer)});
      answer = nullptr;
    }
  }
  if (answer) return answer(HttpResponse::retry(503, "too many requests wait"));
  changed_.notify_one();
}

Result<Queries::Question> Queries::question_of(const http_server::HttpRequest& request) const {
  const std::string_view path = request.path;
  if (path == "/health")
    return Question([](Connection& connection) -> Result<HttpResponse> {
      auto asked = connection.ask("SELECT 1");
      if (!asked) return std::move(asked).error();
      return HttpResponse{.body = "{\"status\":\"ok\"}\n"};
    });
  if (path == "/stats") return Question([this](Connection& connection) { return stats(connection); });
  if (path == "/list-logs") {
    int64_t limit = kUsualPage;
    std::string time, id;
    for (const auto& [name, value] : request.query) {
      if (name == "limit") {
        const char* const end = value.data() + value.size();
        if (value.empty() || std::from_chars(value.data(), end, limit).ptr != end || limit < 1 || limit > kMostPage)
          return reject("limit must be 1 to 1000");
      } else if (name == "after") {
        if (!read_cursor(value, time, id)) return reject("after must be the next of a page");
      } else {
        return reject("there is no such parameter: a page has limit and after");
      }
    }
    return Question([=, this](Connection& connection) { return list(connection, limit, time, id); });
  }
  const bool is_log = path.starts_with("/logs/");
  const std::string id(path.substr(is_log ? 6 : 9));
  if (!is_id(id)) return Error{Code::reject, "there is no such id", "404"};
  if (is_log)
    return Question([=, this](Connection& connection) {
      return one(connection, "SELECT id, name, " + std::string(kTime) + " AS received_at, content FROM " + tables_.logs,
                 id, "log");
    });
  return Question([=, this](Connection& connection) {
    return one(connection,
               "SELECT id, log_id, " + std::string(kTime) + " AS received_at, result FROM " + tables_.results, id,
               "result");
  });
}

Result<HttpResponse> Queries::one(Connection& connection, const std::string& statement, const std::string& id,
                                  const char* what) const {
  auto asked = connection.ask(statement + " WHERE id = $1 LIMIT 1", {id});
  if (!asked && !connection.fault().is(kNoTable) && !connection.fault().is(kNoValue)) return std::move(asked).error();
  if (!asked || PQntuples(asked->get()) == 0)
    return HttpResponse::error(404, "there is no " + std::string(what) + " with this id");
  return HttpResponse{.body = object_of(asked->get(), 0, " result ") + "\n"};
}

Result<HttpResponse> Queries::list(Connection& connection, int64_t limit, const std::string& time,
                                   const std::string& id) const {
  Connection::Parameters parameters = {std::to_string(limit + 1)};
  std::string where;
  if (!time.empty()) {
    where = " WHERE (received_at, id) > ($2::text::timestamptz, $3)";
    parameters.emplace_back(time);
    parameters.emplace_back(id);
  }
  auto asked = connection.ask("SELECT id, name, " + std::string(kTime) +
                                  " AS received_at, octet_length(content) AS bytes FROM " + tables_.logs + where +
                                  " ORDER BY " + tables_.logs + ".received_at, id LIMIT $1::bigint",
                              parameters);
  if (!asked) {
    if (connection.fault().is(kNoTable)) return HttpResponse{.body = "{\"logs\":[],\"next\":null}\n"};
    if (connection.fault().is(kNoValue)) return HttpResponse::error(400, "after must be the next of a page");
    return std::move(asked).error();
  }
  const auto* result = asked->get();
  const int rows = std::min(PQntuples(result), static_cast<int>(limit));
  std::string body = "{\"logs\":[";
  for (int row = 0; row < rows; ++row) body += (row ? ",\n" : "") + object_of(result, row, " bytes ");
  body += "],\"next\":";
  if (PQntuples(result) > rows)
    body += json_text(std::string(value_of(result, rows - 1, 2)) + '/' + std::string(value_of(result, rows - 1, 0)));
  else body += "null";
  return HttpResponse{.body = body + "}\n"};
}

Result<HttpResponse> Queries::stats(Connection& connection) const {
  std::string body = "{";
  for (const auto& [name, table, text] :
       {std::tuple("logs", &tables_.logs, "content"), std::tuple("results", &tables_.results, "result")}) {
    auto asked = connection.ask("SELECT count(*), coalesce(sum(octet_length(" + std::string(text) +
                                "::text)), 0), min(received_at) IS NULL FROM " + *table);
    if (!asked && !connection.fault().is(kNoTable)) return std::move(asked).error();
    const auto count = asked ? value_of(asked->get(), 0, 0) : "0", bytes = asked ? value_of(asked->get(), 0, 1) : "0";
    body += std::string(body.size() > 1 ? "," : "") + '"' + name + "\":{\"count\":" + std::string(count) +
            ",\"bytes\":" + std::string(bytes) + '}';
  }
  return HttpResponse{.body = body + "}\n"};
}

void Queries::run() {
  std::unique_ptr<Connection> connection;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return is_over_ || !waiting_.empty(); });
    if (is_over_) return;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next.answer(ask(next.question, connection));
    next = {};
    lock.lock();
  }
}

HttpResponse Queries::ask(const Question& question, std::unique_ptr<Connection>& connection) const {
  // A connection that was idle may be gone: then the question is asked once more over a new one.
  for (int tries = connection ? 0 : 1;; ++tries) {
    if (!connection) {
      auto opened = Connection::open(server_, Connection::Access::read, stop_);
      if (!opened) {
        host_.warning("the database: " + opened.error().message);
        return HttpResponse::retry(503, "the database cannot be reached");
      }
      connection = *std::move(opened);
    }
    auto answered = question(*connection);
    if (answered) return *std::move(answered);
    connection.reset();
    if (tries == 0) continue;
    host_.warning("the database: " + answered.error().message);
    return HttpResponse::retry(503, "the database does not answer");
  }
}

}  // namespace levada::log_api

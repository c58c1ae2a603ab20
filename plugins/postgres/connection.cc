#include "connection.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace levada::postgres {

namespace {

// libpq ends its messages with a line feed, and lists of them with more.
std::string in_one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

Stop::Stop() : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw std::bad_alloc();
}

Stop::~Stop() { ::close(descriptor_); }

void Stop::raise() {
  const uint64_t one = 1;
  (void)!::write(descriptor_, &one, sizeof one);
}

bool Stop::is_raised() const {
  pollfd event{descriptor_, POLLIN, 0};
  return ::poll(&event, 1, 0) > 0;
}

Error Connection::failed() {
  fault_ = Fault();
  return retry("PostgreSQL: " + in_one_line(PQerrorMessage(connection_.get())));
}

// By the classes of SQLSTATE: a syntax error, a table or a privilege that is missing, a value that
// cannot be computed.
Error Connection::meaning_of(const PGresult& result) {
  const auto field = [&](int which) {
    const char* text = PQresultErrorField(&result, which);
    return in_one_line(text ? text : "");
  };
  fault_ = {field(PG_DIAG_SQLSTATE), field(PG_DIAG_MESSAGE_PRIMARY), field(PG_DIAG_CONTEXT)};
  if (const auto detail = field(PG_DIAG_MESSAGE_DETAIL); !detail.empty()) fault_.message += ": " + detail;
  const auto message = "PostgreSQL: " + in_one_line(PQresultErrorMessage(&result));
  const std::string_view kind = std::string_view(fault_.state).substr(0, 2);
  for (const std::string_view of_query : {"0A", "22", "25", "2F", "3D", "3F", "42"})
    if (kind == of_query) return fatal(message);
  return retry(message);
}

Done Connection::wait(bool writes) const {
  pollfd events[] = {{PQsocket(connection_.get()), static_cast<short>(writes ? POLLOUT | POLLIN : POLLIN), 0},
                     {stop_.descriptor(), POLLIN, 0}};
  const auto milliseconds =
      std::chrono::ceil<std::chrono::milliseconds>(std::min<std::chrono::nanoseconds>(timeout_, std::chrono::hours(1)));
  const int ready = ::poll(events, 2, static_cast<int>(milliseconds.count()));
  if (ready < 0 && errno != EINTR) return retry(std::string("PostgreSQL: ") + std::strerror(errno));
  if (ready == 0) return retry("PostgreSQL: no answer within the timeout");
  if (events[1].revents != 0) return retry("it ends");
  return {};
}

Result<std::unique_ptr<Connection>> Connection::open(const Server& server, Access access, const Stop& stop) {
  // The info may say otherwise, but for the encoding.
  const char* const names[] = {"application_name", "keepalives", "dbname",
                               server.password.empty() ? nullptr : "password", nullptr};
  const char* const values[] = {"levada", "1", server.connection.c_str(), server.password.c_str(), nullptr};
  Held held(PQconnectStartParams(names, values, 1));
  if (!held) throw std::bad_alloc();
  std::unique_ptr<Connection> connection(new Connection(std::move(held), server.timeout, stop));
  LEVADA_TRY(connection->connect());
  LEVADA_TRY(connection->set_up(access));
  return connection;
}

Done Connection::connect() {
  auto* const handle = connection_.get();
  PQsetNoticeProcessor(handle, [](void*, const char*) {}, nullptr);
  if (PQstatus(handle) == CONNECTION_BAD) return failed();
  for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK; state = PQconnectPoll(handle)) {
    if (state == PGRES_POLLING_FAILED) return failed();
    LEVADA_TRY(wait(state == PGRES_POLLING_WRITING));
  }
  if (PQsetnonblocking(handle, 1) != 0 || PQsetClientEncoding(handle, "UTF8") != 0) return failed();
  return {};
}

// So that values are written as we read them and read as we write them.
Done Connection::set_up(Access access) {
  std::string settings =
      "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET bytea_output = 'hex'; SET extra_float_digits = 1; "
      "SET standard_conforming_strings = on; ";
  if (access == Access::read) return execute(settings + "SET default_transaction_read_only = on");
  // The server says why it gives up before nobody listens any more.
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout_).count() / 4 * 3;
  const auto limit = std::to_string(std::clamp<int64_t>(milliseconds, 1, 2'000'000'000));
  for (const auto* name : {"statement_timeout", "idle_in_transaction_session_timeout"})
    settings.append("SET ").append(name).append(" = ").append(limit).append("; ");
  return execute(settings);
}

Done Connection::send() {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left < 0) return failed();
    if (left == 0) return {};
    LEVADA_TRY(wait(true));
    if (PQconsumeInput(connection_.get()) == 0) return failed();
  }
}

Done Connection::receive() {
  while (PQisBusy(connection_.get())) {
    LEVADA_TRY(wait(false));
    if (PQconsumeInput(connection_.get()) == 0) return failed();
  }
  return {};
}

Result<Answer> Connection::next() {
  LEVADA_TRY(receive());
  return Answer(PQgetResult(connection_.get()));
}

Done Connection::drain() {
  Done first;
  for (;;) {
    auto result = next();
    if (!result) return first ? Done(std::move(result).error()) : first;
    if (!*result) return first;
    switch (PQresultStatus(result->get())) {
      case PGRES_COMMAND_OK:
      case PGRES_SINGLE_TUPLE:
      case PGRES_TUPLES_OK: break;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH: return retry("PostgreSQL: expects data for a COPY that nobody began");
      default:
        if (first) first = meaning_of(**result);
    }
  }
}

Done Connection::run(const std::string& query, const OnRow& on_row) {
  auto* const handle = connection_.get();
  // With parameters, of which there are none, the server takes one statement only.
  if (PQsendQueryParams(handle, query.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 0) return failed();
  PQsetSingleRowMode(handle);
  LEVADA_TRY(send());
  for (;;) {
    const auto result = next();
    if (!result) return result.error();
    if (!*result) return {};
    switch (PQresultStatus(result->get())) {
      case PGRES_COMMAND_OK: break;
      case PGRES_SINGLE_TUPLE:
      case PGRES_TUPLES_OK: LEVADA_TRY(on_row(**result)); break;
      case PGRES_COPY_OUT:
      case PGRES_COPY_IN:
      case PGRES_COPY_BOTH: return fatal("PostgreSQL: the query must be a SELECT, and no COPY");
      default: return meaning_of(**result);
    }
  }
}

Result<Answer> Connection::ask(const std::string& statement, const Parameters& parameters, Format format) {
  std::vector<const char*> values;
  for (const auto& each : parameters) values.push_back(each ? each->c_str() : nullptr);
  if (PQsendQueryParams(connection_.get(), statement.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                        nullptr, nullptr, static_cast<int>(format)) == 0)
    return failed();
  LEVADA_TRY(send());
  auto answer = next();
  if (!answer || !*answer) return answer;
  const auto status = PQresultStatus(answer->get());
  if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
    return fatal("PostgreSQL: the query must be a SELECT, and no COPY");
  const Error error =
      status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? Error{Code::ok, {}} : meaning_of(**answer);
  LEVADA_TRY(drain());
  if (error.code != Code::ok) return error;
  return answer;
}

Result<Answer> Connection::describe(const std::string& query) {
  if (PQsendPrepare(connection_.get(), "", query.c_str(), 0, nullptr) == 0) return failed();
  LEVADA_TRY(send());
  LEVADA_TRY(drain());
  if (PQsendDescribePrepared(connection_.get(), "") == 0) return failed();
  LEVADA_TRY(send());
  auto answer = next();
  if (!answer || !*answer) return answer;
  const Error error = PQresultStatus(answer->get()) == PGRES_COMMAND_OK ? Error{Code::ok, {}} : meaning_of(**answer);
  LEVADA_TRY(drain());
  if (error.code != Code::ok) return error;
  return answer;
}

Done Connection::execute(const std::string& statements) {
  if (PQsendQuery(connection_.get(), statements.c_str()) == 0) return failed();
  LEVADA_TRY(send());
  return drain();
}

Done Connection::begin_copy(const std::string& statement) {
  if (PQsendQuery(connection_.get(), statement.c_str()) == 0) return failed();
  LEVADA_TRY(send());
  const auto answer = next();
  if (!answer) return answer.error();
  if (*answer && PQresultStatus(answer->get()) == PGRES_COPY_IN) return {};
  const Error error = *answer ? meaning_of(**answer) : retry("PostgreSQL: no answer to a COPY");
  LEVADA_TRY(drain());
  return error;
}

Done Connection::copy(std::string_view data) {
  constexpr size_t kPiece = 65536;
  while (!data.empty()) {
    const auto piece = data.substr(0, kPiece);
    const int taken = PQputCopyData(connection_.get(), piece.data(), static_cast<int>(piece.size()));
    // Most likely the server has said already why it wants no more.
    if (taken < 0) {
      LEVADA_TRY(drain());
      return failed();
    }
    LEVADA_TRY(send());
    if (taken > 0) data.remove_prefix(piece.size());
  }
  return {};
}

Done Connection::end_copy() {
  for (;;) {
    const int taken = PQputCopyEnd(connection_.get(), nullptr);
    if (taken < 0) {
      LEVADA_TRY(drain());
      return failed();
    }
    LEVADA_TRY(send());
    if (taken > 0) return drain();
  }
}

}  // namespace levada::postgres

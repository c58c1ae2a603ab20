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

namespace levada::join_postgres {

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

Error Connection::failed() const { return retry("PostgreSQL: " + in_one_line(PQerrorMessage(connection_.get()))); }

// By the classes of SQLSTATE: a syntax error, a table or a privilege that is missing, a value that
// cannot be computed.
Error Connection::meaning_of(const PGresult& result) {
  const char* state = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
  const auto message = "PostgreSQL: " + in_one_line(PQresultErrorMessage(&result));
  const std::string_view kind = state ? std::string_view(state).substr(0, 2) : std::string_view();
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

Result<std::unique_ptr<Connection>> Connection::open(const std::string& info, const std::string& password,
                                                     std::chrono::nanoseconds timeout, const Stop& stop) {
  // The info may say otherwise, but for the encoding.
  const char* const names[] = {"application_name", "keepalives", "dbname", password.empty() ? nullptr : "password",
                               nullptr};
  const char* const values[] = {"levada", "1", info.c_str(), password.c_str(), nullptr};
  Held held(PQconnectStartParams(names, values, 1));
  if (!held) throw std::bad_alloc();
  std::unique_ptr<Connection> connection(new Connection(std::move(held), timeout, stop));
  LEVADA_TRY(connection->connect());
  LEVADA_TRY(connection->set_up());
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

// So that values are written as we read them, and that a query changes nothing.
Done Connection::set_up() {
  for (const auto* setting : {"SET TimeZone = 'UTC'", "SET DateStyle = 'ISO'", "SET bytea_output = 'hex'",
                              "SET extra_float_digits = 1", "SET default_transaction_read_only = on"})
    LEVADA_TRY(run(setting, [](const PGresult&) { return Done(); }));
  return {};
}

Done Connection::send() const {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left < 0) return failed();
    if (left == 0) return {};
    LEVADA_TRY(wait(true));
    if (PQconsumeInput(connection_.get()) == 0) return failed();
  }
}

Done Connection::receive() const {
  while (PQisBusy(connection_.get())) {
    LEVADA_TRY(wait(false));
    if (PQconsumeInput(connection_.get()) == 0) return failed();
  }
  return {};
}

Done Connection::run(const std::string& query, const OnRow& on_row) {
  auto* const handle = connection_.get();
  // With parameters, of which there are none, the server takes one statement only.
  if (PQsendQueryParams(handle, query.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 0) return failed();
  PQsetSingleRowMode(handle);
  LEVADA_TRY(send());
  for (;;) {
    LEVADA_TRY(receive());
    const std::unique_ptr<PGresult, FreeResult> result(PQgetResult(handle));
    if (!result) return {};
    switch (PQresultStatus(result.get())) {
      case PGRES_COMMAND_OK: break;
      case PGRES_SINGLE_TUPLE:
      case PGRES_TUPLES_OK: LEVADA_TRY(on_row(*result)); break;
      case PGRES_COPY_OUT:
      case PGRES_COPY_IN:
      case PGRES_COPY_BOTH: return fatal("PostgreSQL: the query must be a SELECT, and no COPY");
      default: return meaning_of(*result);
    }
  }
}

}  // namespace levada::join_postgres

// A connection to a PostgreSQL server, on which statements are run. It waits for no longer than it
// is told, and not at all once it is told to stop.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/result.h"
#include "postgres/server.h"

namespace levada::postgres {

// Wakes who waits for a server, from any thread, once and for good.
class Stop {
 public:
  Stop();
  ~Stop();
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;

  void raise();
  bool is_raised() const;
  int descriptor() const { return descriptor_; }

 private:
  const int descriptor_;
};

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, FreeResult>;

// What the server said of a statement that failed.
struct Fault {
  std::string state;    // SQLSTATE: "23505"; empty where it said nothing.
  std::string message;  // One line, with the details.
  std::string context;  // "COPY clicks, line 3, column ip"

  bool is(std::string_view kind) const { return state.starts_with(kind); }
};

class Connection {
 public:
  // Gets the rows of a result one by one, and at the end a result without rows; each only while it
  // runs.
  using OnRow = std::function<Done(const PGresult& row)>;
  // Of a statement; nothing: null.
  using Parameters = std::vector<std::optional<std::string>>;
  // Whether statements may change anything. `write` lets the server give up a statement that takes
  // longer than the timeout, and a transaction whose client has nothing to say for so long.
  enum class Access { read, write };
  enum class Format { text = 0, binary = 1 };

  // RETRY where there is no connection, with the reason.
  static Result<std::unique_ptr<Connection>> open(const Server& server, Access access, const Stop& stop);

  // Runs one query. What the server says of it is RETRY where that may pass, FATAL where the query
  // or what the user may do has to change.
  Done run(const std::string& query, const OnRow& on_row);
  // One statement and what it gives, as a whole.
  Result<Answer> ask(const std::string& statement, const Parameters& parameters = {}, Format format = Format::text);
  // What the columns of a query are, without running it.
  Result<Answer> describe(const std::string& query);
  // One statement or several, with semicolons between them, of whose results nothing is needed.
  Done execute(const std::string& statements);

  // `statement` is a COPY ... FROM STDIN; its data follow in pieces of any size, then the end. A
  // server that refuses them may say so in any of these calls.
  Done begin_copy(const std::string& statement);
  Done copy(std::string_view data);
  Done end_copy();

  // Of the last call that failed.
  const Fault& fault() const { return fault_; }
  bool is_in_transaction() const { return PQtransactionStatus(connection_.get()) > PQTRANS_IDLE; }

 private:
  struct Free {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  using Held = std::unique_ptr<PGconn, Free>;

  Connection(Held connection, std::chrono::nanoseconds timeout, const Stop& stop)
      : connection_(std::move(connection)), timeout_(timeout), stop_(stop) {}
  Done connect();
  Done set_up(Access access);
  // Until the server has said something, or, if `writes`, takes something.
  Done wait(bool writes) const;
  Done send();
  Done receive();
  // The next result, or null behind the last one.
  Result<Answer> next();
  // All that the server still says of the statement; its first failure.
  Done drain();
  Error failed();
  Error meaning_of(const PGresult& result);

  const Held connection_;
  const std::chrono::nanoseconds timeout_;
  const Stop& stop_;
  Fault fault_;
};

}  // namespace levada::postgres

// A connection to a PostgreSQL server, on which a query is run. It waits for no longer than it is
// told, and not at all once it is told to stop.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "levada/result.h"

namespace levada::join_postgres {

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

class Connection {
 public:
  // Gets the rows of a result one by one, and at the end a result without rows; each only while it
  // runs.
  using OnRow = std::function<Done(const PGresult& row)>;

  // `info`: as libpq takes it, a URL or words; `password`: where it is not in there, else empty;
  // `timeout`: for how long the server may be silent. RETRY where there is no connection, with the
  // reason.
  static Result<std::unique_ptr<Connection>> open(const std::string& info, const std::string& password,
                                                  std::chrono::nanoseconds timeout, const Stop& stop);

  // Runs one query. What the server says of it is RETRY where that may pass, FATAL where the query
  // or what the user may do has to change.
  Done run(const std::string& query, const OnRow& on_row);

 private:
  struct Free {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct FreeResult {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Held = std::unique_ptr<PGconn, Free>;

  Connection(Held connection, std::chrono::nanoseconds timeout, const Stop& stop)
      : connection_(std::move(connection)), timeout_(timeout), stop_(stop) {}
  Done connect();
  Done set_up();
  // Until the server has said something, or, if `writes`, takes something.
  Done wait(bool writes) const;
  Done send() const;
  Done receive() const;
  Error failed() const;
  static Error meaning_of(const PGresult& result);

  const Held connection_;
  const std::chrono::nanoseconds timeout_;
  const Stop& stop_;
};

}  // namespace levada::join_postgres

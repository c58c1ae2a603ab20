// Loads a table by a query, again and again, in a thread of its own: who asks for the table never
// waits for a server.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "join/join.h"
#include "levada/host.h"
#include "postgres/connection.h"

namespace levada::join_postgres {

class TableLoader {
 public:
  struct Source {
    postgres::Server server;
    std::string query;
    std::chrono::nanoseconds refresh;
  };

  TableLoader(Source source, join::TableShape shape, Host host);
  ~TableLoader() { stop(); }
  TableLoader(const TableLoader&) = delete;
  TableLoader& operator=(const TableLoader&) = delete;

  // Starts the thread where it does not run, and waits, but no longer than so, for the first table.
  // RETRY: it has not come yet, or why it could not; FATAL: why it never will.
  Done start(std::chrono::nanoseconds patience);
  // The last one that could be loaded.
  std::shared_ptr<const join::Table> table() const;
  void stop();

 private:
  void run();
  Result<std::shared_ptr<const join::Table>> load() const;
  // Puts it in place of the one before, or says why that stays.
  void take(Result<std::shared_ptr<const join::Table>> loaded);

  const Source source_;
  const join::TableShape shape_;
  const Host host_;
  Counter reloads_, reload_failures_;
  postgres::Stop stop_;

  mutable std::mutex mutex_;  // Of all below.
  std::condition_variable changed_;
  std::shared_ptr<const join::Table> table_;  // Null before the first.
  Done last_;                                 // What came of the last try.
  bool has_tried_ = false, stops_ = false;

  std::thread thread_;
};

}  // namespace levada::join_postgres

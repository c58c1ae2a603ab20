// Asks PostgreSQL for the rows of a query that have the keys of a batch, all of them at once.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "join/join.h"
#include "levada/host.h"
#include "postgres/connection.h"

namespace levada::join_postgres {

// Whether a value of the type can be written like this: "7" is a whole number, "007" is none.
bool is_written_so(Oid type, std::string_view text);

class KeyLookup {
 public:
  struct Source {
    postgres::Server server;
    std::string query;
  };

  KeyLookup(Source source, const join::TableSettings& settings, join::TableShape shape, Host host);

  // Connects where it is not connected. FATAL: the query will never work.
  Done connect();
  // The rows of the query whose keys the batch has. RETRY: the server is away.
  Result<std::shared_ptr<const join::Table>> look_up(const Batch& batch);

 private:
  // Takes the keys of the batch, each once, that can be in the table.
  void collect(const Batch& batch);
  Result<postgres::Answer> ask();

  const Source source_;
  const join::TableShape shape_;
  const postgres::Stop stop_;
  Counter looked_up_;
  std::unique_ptr<postgres::Connection> connection_;  // Null where it is lost.
  postgres::Answer described_;                        // The columns of the query.
  std::vector<Oid> types_;                            // Of the keys.
  std::string statement_;

  join::RowKeys keys_;
  std::vector<std::vector<std::string>> parts_;  // Of each key: its values in the batch.
  std::vector<std::string> row_;
  std::string key_;
};

}  // namespace levada::join_postgres

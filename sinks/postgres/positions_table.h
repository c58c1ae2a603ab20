// The table in which the sink keeps how far it has got: a row for each stream, changed in the same
// transaction as the rows. One more row says whose it is, so that of two agents, or of an agent and
// its own commits that are still under way, only the last one can commit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "levada/sdk.h"
#include "postgres/connection.h"

namespace levada::postgres_sink {

class PositionsTable {
 public:
  // `table`: quoted; `id`: of the sink among others that have the table.
  PositionsTable(std::string table, std::string id, Host host);

  // Makes the table where it is missing, and the sink's rows in it this instance's own, also
  // against what this instance has under way; gives what they say. FATAL where an agent that
  // started later has them.
  Result<std::vector<Position>> claim(postgres::Connection& connection);

  // As the last part of a transaction: puts the checkpoint in place of what is there. RETRY where
  // the rows are no longer this instance's. From now on until the transaction ends nobody else can
  // claim them.
  Done save(const Checkpoint& checkpoint, postgres::Connection& connection) const;

 private:
  Done create(postgres::Connection& connection) const;
  Result<std::vector<Position>> take_over(postgres::Connection& connection);
  std::string owner() const { return std::to_string(generation_) + " " + instance_; }

  const std::string table_, id_, instance_;
  uint64_t generation_ = 0;  // Of the last claim that was tried; 0: there was none.
  bool has_claimed_ = false;
};

}  // namespace levada::postgres_sink

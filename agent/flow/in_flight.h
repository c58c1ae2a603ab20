// A batch on its way from a source to a sink, with its account and its acknowledgement.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/compaction.h"
#include "agent/flow/account.h"
#include "agent/flow/acknowledgement.h"
#include "levada/sdk.h"

namespace levada::agent {

// Where each stream goes on, by the stream's name.
using Positions = std::map<std::string, Position>;

// Rows that a component rejected, with a column "reason".
struct RejectedRows {
  std::string component;
  Batch rows;
  std::vector<AuditCount> reasons;  // How many rows for which kind of reason.
};

// Moved from hand to hand. Only a channel that several sinks read, or that may have to give a batch again, copies it:
// the copies share the columns.
struct InFlight {
  Batch batch = {};             // Its own stream is always that of the source: "clicks/bot-logs/3".
  std::string stream = {};      // Which stream `end` and the batch's position are of: that of the source, or the durable
                                // channel that the batch was read from. Empty: rows that an interceptor had held,
                                // which have no position.
  uint64_t end = 0;             // Rows of `stream` before the batch's position.
  size_t bytes = 0;             // Memory that the batch holds.
  Account account = {};         // Without a stream where the rows were accounted for before.
  std::vector<RejectedRows> rejected_rows = {};           // On the way to the dead letters.
  std::shared_ptr<Acknowledgement> acknowledgement = {};  // From the source to the channels only.
};

}  // namespace levada::agent

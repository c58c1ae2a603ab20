// What is known of a table at one of its versions, except for its files: those are asked for when
// they are needed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "actions.h"
#include "log_files.h"

namespace levada::delta {

struct Snapshot {
  int64_t version = -1;  // -1: there is no table.
  Protocol protocol;
  Metadata metadata;
  std::map<std::string, Transaction> transactions;
  std::map<std::string, DomainMetadata> domains;
  CheckpointFiles checkpoint;  // A complete one at or below the version; of version -1: the log has none.

  bool exists() const { return version >= 0; }
  void apply(const Action& action);
};

}  // namespace levada::delta

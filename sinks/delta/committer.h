// Puts commits into a table's log, behind those of others.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "actions.h"
#include "levada/host.h"
#include "levada/result.h"
#include "snapshot.h"
#include "table_log.h"

namespace levada::delta {

// What a commit is to change.
struct Change {
  std::string operation;          // "WRITE"
  std::string parameters = "{}";  // As JSON, as the metrics are.
  std::string metrics = {};
  bool is_blind_append = false;
  std::optional<Protocol> protocol = {};
  std::optional<Metadata> metadata = {};
  std::optional<Transaction> transaction = {};
  std::vector<AddFile> adds = {};
  std::vector<RemoveFile> removes = {};
};

// What another writer's commit did that may stand in the way of ours.
struct Rival {
  int64_t version = 0;
  std::string id = {};         // See CommitInfo.
  bool changed_table = false;  // Its protocol or its metadata.
  std::vector<Transaction> transactions = {};
  std::vector<std::string> removed = {};  // Keys of files; see key_of.
  std::optional<Protocol> protocol = {};
  std::optional<Metadata> metadata = {};
};

Result<Rival> rival_of(const ForeignCommit& commit);

class Committer {
 public:
  // Says whether the change is still right behind that commit: an error, which ends the call, or
  // not.
  using Judge = std::function<Done(const Rival&)>;

  Committer(TableLog& log, Host host) : log_(log), host_(host) {}

  // Makes the change the next version of the table, and brings the snapshot there. Whoever was
  // quicker is judged, and we stand behind. RETRY: nothing was committed, unless outcome_unknown
  // says so.
  Result<int64_t> commit(Snapshot& snapshot, const Change& change, const Judge& judge);
  // Whether the last call that failed may still turn out to have committed.
  bool outcome_unknown() const { return outcome_unknown_; }

 private:
  std::string content_of(const Change& change, const std::string& id) const;

  TableLog& log_;
  const Host host_;
  bool outcome_unknown_ = false;
};

// "3f2b8c1e-5d0a-4c7e-9a41-0c6c1f9e2b7d"
std::string new_uuid(Host host);

}  // namespace levada::delta

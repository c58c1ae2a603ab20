// The log of a table: from it come snapshots, and into it go commits.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "actions.h"
#include "lake/stores/file_store.h"
#include "levada/host.h"
#include "levada/result.h"
#include "snapshot.h"

namespace levada::delta {

// A commit that another writer has made.
struct ForeignCommit {
  int64_t version = 0;
  std::string content;
};

class TableLog {
 public:
  using Seen = std::function<Done(const ForeignCommit&)>;

  TableLog(lake::FileStore& store, Host host) : store_(store), host_(host) {}

  lake::FileStore& store() const { return store_; }

  // The table as it is now; its version is -1 where there is none.
  Result<Snapshot> load();
  // The table as it was. FATAL where the log does not have that any more, or not yet.
  Result<Snapshot> load_version(int64_t version);
  // Reads on behind the snapshot's version, which costs one look where nothing is new. `seen` gets
  // each commit before the snapshot has it; an error of it ends the call.
  Done update(Snapshot& snapshot, const Seen& seen = {});
  // Takes over a commit that was just made behind the snapshot, without a look.
  Done advance(Snapshot& snapshot, const std::string& content);
  // FATAL where the log does not have the snapshot's version any more: the table was deleted, and
  // what would come behind it would be no table. One look.
  Done check_there(const Snapshot& snapshot);
  // Nothing where there is no such commit.
  Result<std::optional<std::string>> commit(int64_t version);
  // Versions whose commits are there, oldest first, with the times at which their files were made.
  struct Version {
    int64_t version;
    int64_t modified_ms;
  };
  Result<std::vector<Version>> versions();
  // The version that was the newest at that time. FATAL where the log does not reach back so far.
  Result<int64_t> version_at(int64_t time_ms);

 private:
  Result<Snapshot> from(CheckpointFiles files);
  // Whether the commits behind the snapshot may have been cleaned up, so that it must be loaded
  // anew.
  Result<bool> is_left_behind(const Snapshot& snapshot);

  lake::FileStore& store_;
  const Host host_;
  std::chrono::nanoseconds looked_{0};  // When the log was last known to reach on from the snapshot.
};

}  // namespace levada::delta

// The files of a table, found when they are asked for: the log is read backwards from a snapshot to
// its checkpoint, and only hashes of what was seen are held.
#pragma once

#include <functional>

#include "actions.h"
#include "levada/result.h"
#include "snapshot.h"
#include "table_log.h"

namespace levada::delta {

struct FileVisitor {
  std::function<Done(AddFile&)> live = {};
  std::function<Done(RemoveFile&)> removed = {};  // Tombstones that the log still has.
};

// Gives each file of the snapshot once, in no order.
Done scan_files(TableLog& log, const Snapshot& snapshot, const FileVisitor& visitor);

}  // namespace levada::delta

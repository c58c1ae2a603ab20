// Writes checkpoints, and cleans up what of the log lies before them.
#pragma once

#include "levada/host.h"
#include "levada/result.h"
#include "snapshot.h"
#include "table_log.h"

namespace levada::delta {

// Tells the snapshot of a newer checkpoint, if somebody has written one.
Done find_checkpoint(TableLog& log, Snapshot& snapshot);

// Writes the checkpoint of the snapshot's version, which the snapshot knows then, and says in
// _last_checkpoint that it is there. Holds a few thousand actions at a time.
Done write_checkpoint(TableLog& log, Snapshot& snapshot, Host host);

// Removes commits and checkpoints that are older than the table's delta.logRetentionDuration, as
// far as a checkpoint stands for them. Gives how many files went; 0 where the table is not to be
// cleaned.
Result<int64_t> clean_log(TableLog& log, const Snapshot& snapshot, Host host);

}  // namespace levada::delta

// Makes an earlier version of a table its newest one.
#pragma once

#include <cstdint>

#include "levada/host.h"
#include "levada/result.h"
#include "table_log.h"

namespace levada::delta {

struct Restored {
  int64_t version = 0;  // The new one.
  int64_t files_added = 0, files_removed = 0;
};

// FATAL where the version is not in the log any more, or a file of it is gone. What applications
// have said of themselves stays: a sink goes on where it stood.
Result<Restored> restore(TableLog& log, int64_t version, Host host);

}  // namespace levada::delta

// Removes files that no version of the table needs any more, or ever needed.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "levada/host.h"
#include "levada/result.h"
#include "table_log.h"

namespace levada::delta {

struct VacuumSettings {
  // How long a file stays; none: as the table's delta.deletedFileRetentionDuration says.
  std::optional<std::chrono::milliseconds> retention = {};
  bool dry_run = false;
};

struct Vacuumed {
  int64_t files = 0;
  int64_t bytes = 0;
};

// `found` hears of each file that goes, or would go. What begins with "_" or "." in any part of its
// path is left alone, but for folders of partitions, and for what writers that were killed left in
// the log or beside it. Files younger than the retention stay: a commit may be about to add them.
Result<Vacuumed> vacuum(TableLog& log, const VacuumSettings& settings, Host host,
                        const std::function<void(const std::string& path)>& found);

}  // namespace levada::delta

// Puts the rows of small files together into larger ones, partition by partition, without a change
// of what the table says.
#pragma once

#include <atomic>
#include <cstdint>

#include "lake/partitioned_writer.h"
#include "levada/host.h"
#include "levada/result.h"
#include "table_log.h"

namespace levada::delta {

struct OptimizeSettings {
  int64_t target_bytes = int64_t{128} << 20;
  lake::Compression compression = lake::Compression::zstd;
  bool dry_run = false;                     // What would be put together is counted, and nothing is written.
  const std::atomic<bool>* stop = nullptr;  // Where it turns true, the call ends with RETRY.
};

struct Optimized {
  int64_t files_before = 0, files_after = 0;
  int64_t bytes_before = 0, bytes_after = 0;
  int64_t commits = 0;
  int64_t conflicts = 0;  // Partitions that another writer has changed meanwhile: they stay as they are.
};

// Commits for each group of files by itself. Appends go on meanwhile and are never in the way.
Result<Optimized> optimize(TableLog& log, const OptimizeSettings& settings, Host host);

}  // namespace levada::delta

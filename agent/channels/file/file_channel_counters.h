// What a file channel counts, for its metrics.
#pragma once

#include <string>

#include "agent/observe/metrics.h"

namespace levada::agent {

struct FileChannelCounters {
  FileChannelCounters(Metrics& metrics, const std::string& channel)
      : rows_stored(metrics.counter(channel, "rows_stored")),
        bytes_written(metrics.counter(channel, "bytes_written")),
        syncs(metrics.counter(channel, "syncs")),
        syncs_failed(metrics.counter(channel, "syncs_failed")),
        writes_failed(metrics.counter(channel, "writes_failed")),
        rows_missing(metrics.counter(channel, "rows_missing")),
        batches_known(metrics.counter(channel, "batches_known")) {}

  Counter rows_stored, bytes_written, syncs, syncs_failed, writes_failed;
  Counter rows_missing;   // Of gaps that readers passed over.
  Counter batches_known;  // That came once more and were stored already.
};

}  // namespace levada::agent

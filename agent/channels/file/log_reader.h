// Goes through the records of a channel's folder from outside, while its agent runs or not.
#pragma once

#include <optional>

#include "agent/channels/file/log_recovery.h"

namespace levada::agent {

class LogReader {
 public:
  // Of what recover_log found; the log and the keys must outlive it.
  LogReader(Files files, const RecoveredLog& log, const KeyRing& keys) : files_(files), log_(&log), keys_(&keys) {}

  // The next record that counts and has rows from `from_row` on, or is behind it; nothing behind
  // the last. Damage, and segments that have gone meanwhile, are passed over.
  Result<std::optional<SegmentReader::Record>> next(uint64_t from_row = 0);

 private:
  Result<std::optional<SegmentReader::Record>> next_of_segment(const Segment& segment, uint64_t from_row);

  Files files_;
  const RecoveredLog* log_;
  const KeyRing* keys_;
  size_t segment_ = 0;
  std::optional<SegmentReader> reader_;  // Of that segment, and where it goes on.
  uint64_t offset_ = 0;
};

}  // namespace levada::agent

// The batches that are not synced yet, and those that readers will want next: they are read from
// memory. Not locked: the channel guards it.
#pragma once

#include <deque>
#include <vector>

#include "agent/channels/file/format.h"
#include "agent/flow/in_flight.h"

namespace levada::agent {

struct RecentBatch {
  LogOffset log_offset;
  uint64_t rows;
  InFlight in_flight;   // As its source gave it.
  bool continued;       // It counts only together with the next one.
  uint64_t serial;      // Of the segment that it is in.
  uint64_t end_offset;  // Where its record ends there.
  LogOffset end() const { return log_offset.behind(rows); }
};

class RecentBatches {
 public:
  // Kept for readers that keep up.
  static constexpr uint64_t kKeptBytes = 16u << 20;

  void add(RecentBatch batch, bool synced);
  // Those from the first of them on were written once more, elsewhere.
  void replace(std::vector<RecentBatch> batches);
  // Those between the offsets are synced from now on; calls `each` with every one of them.
  template <class Each>
  void synced(const LogOffset& from, const LogOffset& to, Each each) {
    for (auto at = at_or_behind(from); at != batches_.end() && at->log_offset < to; ++at) {
      unsynced_bytes_ -= at->in_flight.bytes;
      each(*at);
    }
  }
  // Lets go of batches before the synced offset that all have read, by what `read(end of the
  // batch)` says, or that do not fit.
  template <class Read>
  void trim(const LogOffset& synced, Read read) {
    while (!batches_.empty() && batches_.front().end() <= synced) {
      if (bytes_ <= kKeptBytes && !read(batches_.front().end())) break;
      drop_oldest();
    }
  }
  // Lets go of all before the synced offset.
  void drop(const LogOffset& synced) {
    while (!batches_.empty() && batches_.front().end() <= synced) drop_oldest();
  }

  bool empty() const { return batches_.empty(); }
  const RecentBatch& oldest() const { return batches_.front(); }
  // The batch at the offset, or the next one; null where there is none,
  // or the offset is an older one.
  const RecentBatch* find(const LogOffset& log_offset) const;
  std::vector<RecentBatch> from(const LogOffset& log_offset) const;
  uint64_t bytes() const { return bytes_; }
  uint64_t unsynced_bytes() const { return unsynced_bytes_; }

 private:
  std::deque<RecentBatch>::iterator at_or_behind(const LogOffset& log_offset);
  void drop_oldest();

  std::deque<RecentBatch> batches_;
  uint64_t bytes_ = 0, unsynced_bytes_ = 0;
};

}  // namespace levada::agent

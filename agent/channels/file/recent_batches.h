// The batches that are not synced yet, and those that readers will want next: they are read from
// memory. Not locked: the channel guards it.
#pragma once

#include <deque>
#include <vector>

#include "agent/channels/file/format.h"
#include "agent/flow/in_flight.h"

namespace levada::agent {

struct RecentBatch {
  Place place;
  uint64_t rows;
  InFlight in_flight;   // As its source gave it.
  bool continued;       // It counts only together with the next one.
  uint64_t serial;      // Of the segment that it is in.
  uint64_t end_offset;  // Where its record ends there.
  Place end() const { return place.behind(rows); }
};

class RecentBatches {
 public:
  // Kept for readers that keep up.
  static constexpr uint64_t kKeptBytes = 16u << 20;

  void add(RecentBatch batch, bool synced);
  // Those from the first of them on were written once more, elsewhere.
  void replace(std::vector<RecentBatch> batches);
  // Those between the places are synced from now on; calls `each` with every one of them.
  template <class Each>
  void synced(const Place& from, const Place& to, Each each) {
    for (auto at = at_or_behind(from); at != batches_.end() && at->place < to; ++at) {
      unsynced_bytes_ -= at->in_flight.bytes;
      each(*at);
    }
  }
  // Lets go of batches before the synced place that all have read, by what `read(end of the batch)`
  // says, or that do not fit.
  template <class Read>
  void trim(const Place& synced, Read read) {
    while (!batches_.empty() && batches_.front().end() <= synced) {
      if (bytes_ <= kKeptBytes && !read(batches_.front().end())) break;
      drop_oldest();
    }
  }
  // Lets go of all before the synced place.
  void drop(const Place& synced) {
    while (!batches_.empty() && batches_.front().end() <= synced) drop_oldest();
  }

  bool empty() const { return batches_.empty(); }
  const RecentBatch& oldest() const { return batches_.front(); }
  // The batch at the place, or the next one; null where there is none, or the place is an older one.
  const RecentBatch* find(const Place& place) const;
  std::vector<RecentBatch> from(const Place& place) const;
  uint64_t bytes() const { return bytes_; }
  uint64_t unsynced_bytes() const { return unsynced_bytes_; }

 private:
  std::deque<RecentBatch>::iterator at_or_behind(const Place& place);
  void drop_oldest();

  std::deque<RecentBatch> batches_;
  uint64_t bytes_ = 0, unsynced_bytes_ = 0;
};

}  // namespace levada::agent

#include "agent/channels/file/recent_batches.h"

#include <algorithm>

namespace levada::agent {

std::deque<RecentBatch>::iterator RecentBatches::at_or_behind(const Place& place) {
  return std::ranges::lower_bound(batches_, place, {}, &RecentBatch::place);
}

void RecentBatches::add(RecentBatch batch, bool synced) {
  bytes_ += batch.in_flight.bytes;
  if (!synced) unsynced_bytes_ += batch.in_flight.bytes;
  batches_.push_back(std::move(batch));
}

void RecentBatches::replace(std::vector<RecentBatch> batches) {
  std::ranges::move(batches, at_or_behind(batches.front().place));
}

void RecentBatches::drop_oldest() {
  bytes_ -= batches_.front().in_flight.bytes;
  batches_.pop_front();
}

const RecentBatch* RecentBatches::find(const Place& place) const {
  if (batches_.empty() || place < batches_.front().place) return nullptr;
  const auto found = std::ranges::lower_bound(batches_, place, {}, &RecentBatch::place);
  return found == batches_.end() ? nullptr : &*found;
}

std::vector<RecentBatch> RecentBatches::from(const Place& place) const {
  const auto first = std::ranges::lower_bound(batches_, place, {}, &RecentBatch::place);
  return {first, batches_.end()};
}

}  // namespace levada::agent

#include "agent/channels/file/recent_batches.h"

#include <algorithm>

namespace levada::agent {

std::deque<RecentBatch>::iterator RecentBatches::at_or_behind(const LogOffset& log_offset) {
  return std::ranges::lower_bound(batches_, log_offset, {}, &RecentBatch::log_offset);
}

void RecentBatches::add(RecentBatch batch, bool synced) {
  bytes_ += batch.in_flight.bytes;
  if (!synced) unsynced_bytes_ += batch.in_flight.bytes;
  batches_.push_back(std::move(batch));
}

void RecentBatches::replace(std::vector<RecentBatch> batches) {
  std::ranges::move(batches, at_or_behind(batches.front().log_offset));
}

void RecentBatches::drop_oldest() {
  bytes_ -= batches_.front().in_flight.bytes;
  batches_.pop_front();
}

const RecentBatch* RecentBatches::find(const LogOffset& log_offset) const {
  if (batches_.empty() || log_offset < batches_.front().log_offset) return nullptr;
  const auto found = std::ranges::lower_bound(batches_, log_offset, {}, &RecentBatch::log_offset);
  return found == batches_.end() ? nullptr : &*found;
}

std::vector<RecentBatch> RecentBatches::from(const LogOffset& log_offset) const {
  const auto first = std::ranges::lower_bound(batches_, log_offset, {}, &RecentBatch::log_offset);
  return {first, batches_.end()};
}

}  // namespace levada::agent

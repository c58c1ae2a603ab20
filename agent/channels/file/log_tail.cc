#include "agent/channels/file/log_tail.h"

#include <algorithm>

namespace levada::agent {

void LogTail::recovered(const RecoveredLog& log) {
  end_ = synced_.next = log.next;
  synced_.end = log.end;
  last_row_ = log.end.row;
  if (!log.segments.empty()) synced_.bytes = log.segments.back().bytes;
  positions_ = synced_.positions = log.positions;
}

bool LogTail::has(const InFlight& in_flight) const {
  const auto position = positions_.find(in_flight.batch.stream);
  const uint64_t end = in_flight.end + (in_flight.batch.rows() == 0 ? 1 : 0);
  return position != positions_.end() && end <= position->second.sequence;
}

void LogTail::written(const InFlight& in_flight, uint64_t rows) {
  end_ = end_.behind(rows);
  last_row_ = end_.row;
  advance(positions_, in_flight);
  if (!syncs_) synced_.next = synced_.end = end_;
}

std::vector<std::shared_ptr<Acknowledgement>> LogTail::synced_to(const LogOffset& log_offset) {
  synced_.next = synced_.end = log_offset;
  std::vector<std::shared_ptr<Acknowledgement>> stored;
  while (!acknowledgements_.empty() && acknowledgements_.front().first <= log_offset) {
    stored.push_back(std::move(acknowledgements_.front().second));
    acknowledgements_.pop_front();
  }
  return stored;
}

LogOffset LogTail::behind_gap(const LogOffset& log_offset) const {
  return !needs_sync() && log_offset >= synced_.end ? end_ : std::min(log_offset, end_);
}

void LogTail::advance(Positions& positions, const InFlight& in_flight) {
  const Batch& batch = in_flight.batch;
  if (!batch.position.empty()) positions[batch.stream] = {batch.stream, batch.position, in_flight.end};
}

}  // namespace levada::agent

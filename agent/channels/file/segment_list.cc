#include "agent/channels/file/segment_list.h"

#include <algorithm>

namespace levada::agent {

void SegmentList::assign(std::vector<Segment> found) {
  segments_ = std::move(found);
  bytes_ = 0;
  for (const auto& segment : segments_) {
    bytes_ += segment.bytes;
    next_serial_ = segment.serial + 1;
  }
}

void SegmentList::add(Segment segment) {
  if (!segments_.empty() && segments_.back().first == segment.first) {
    bytes_ -= segments_.back().bytes;
    segments_.pop_back();
  }
  segment.serial = next_serial_++;
  bytes_ += segment.bytes;
  segments_.push_back(std::move(segment));
}

uint64_t SegmentList::follows_row(const LogOffset& first, uint64_t row) const {
  return !segments_.empty() && segments_.back().first == first ? segments_.back().follows_row : row;
}

void SegmentList::resize_last(uint64_t bytes) {
  bytes_ += bytes - segments_.back().bytes;
  segments_.back().bytes = bytes;
}

bool SegmentList::remove_oldest(uint64_t serial) {
  if (segments_.empty() || segments_.front().serial != serial) return false;
  bytes_ -= segments_.front().bytes;
  segments_.erase(segments_.begin());
  return true;
}

std::optional<size_t> SegmentList::find(uint64_t serial) const {
  const auto found = std::ranges::find(segments_, serial, &Segment::serial);
  if (serial == 0 || found == segments_.end()) return std::nullopt;
  return static_cast<size_t>(found - segments_.begin());
}

std::optional<size_t> SegmentList::find(const LogOffset& log_offset) const {
  const auto behind = std::ranges::upper_bound(segments_, log_offset, {}, &Segment::first);
  if (behind == segments_.begin()) return std::nullopt;
  return static_cast<size_t>(behind - segments_.begin()) - 1;
}

}  // namespace levada::agent

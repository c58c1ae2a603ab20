// The segments of a channel that are on the disk, the oldest first; the last one is written to. Not
// locked: the channel guards it.
#pragma once

#include <optional>
#include <vector>

#include "agent/channels/file/log_recovery.h"

namespace levada::agent {

class SegmentList {
 public:
  // What a start has found.
  void assign(std::vector<Segment> found);
  // Puts the segment behind the others, with a serial of its own. One that begins at the same
  // offset held no record that counts, and goes: the new one has its name.
  void add(Segment segment);
  // Which row a segment that begins there follows: `row`, or that of the one that it replaces.
  uint64_t follows_row(const LogOffset& first, uint64_t row) const;
  void resize_last(uint64_t bytes);
  // False: another is the oldest by now.
  bool remove_oldest(uint64_t serial);
  void mark_damaged(size_t number) { segments_[number].damaged = true; }

  bool empty() const { return segments_.empty(); }
  size_t size() const { return segments_.size(); }
  uint64_t bytes() const { return bytes_; }  // Of all of them.
  const Segment& operator[](size_t number) const { return segments_[number]; }
  const Segment& front() const { return segments_.front(); }
  const Segment& back() const { return segments_.back(); }
  bool is_last(size_t number) const { return number + 1 == segments_.size(); }
  std::optional<size_t> find(uint64_t serial) const;
  // The one that the offset lies in; nothing where it lies before all of them.
  std::optional<size_t> find(const LogOffset& log_offset) const;

 private:
  std::vector<Segment> segments_;
  uint64_t bytes_ = 0;
  uint64_t next_serial_ = 1;
};

}  // namespace levada::agent

// How far each reader has got in a channel, and whether somebody waits for them. Not locked: the
// channel guards it; what a read does outside of the lock it does with copies.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/channels/file/segment_reader.h"

namespace levada::agent {

// Where a record stands on the disk.
struct RecordLocation {
  uint64_t serial = 0;  // Of its segment; 0: not known.
  uint64_t offset = 0;
};

struct ReaderCursor {
  std::string reader;                      // "sinks.kafka"
  LogOffset next;                          // Of the record that is read next.
  LogOffset committed;                     // Where it goes on after a failure.
  RecordLocation at;                       // Of `next`.
  std::shared_ptr<SegmentReader> segment;  // The one that it read last; let go when that is removed.
  uint64_t segment_serial = 0;             // Of `segment`; 0: there is none.
  bool failed = false;                     // The last read from the disk did.
  size_t woken = 0;                        // Times of back-pressure that it has been woken for.
  size_t back_pressures_committed = 0;     // Times of back-pressure before its last commit.
};

class ReaderCursors {
 public:
  // What a start has found; a reader that is not among them begins at the oldest record.
  void saved(std::map<std::string, LogOffset> offsets) { saved_ = std::move(offsets); }
  std::optional<LogOffset> saved_offset(const std::string& reader) const;
  size_t add(const std::string& reader);

  bool empty() const { return cursors_.empty(); }
  ReaderCursor& operator[](size_t number) { return cursors_[number]; }
  const ReaderCursor& operator[](size_t number) const { return cursors_[number]; }
  auto begin() { return cursors_.begin(); }
  auto end() { return cursors_.end(); }

  // All that the cursor has read is stored elsewhere.
  void commit(size_t number);
  void rewind(size_t number);
  std::map<std::string, LogOffset> committed() const;
  // Whose commit is the oldest; null where there are no readers.
  const ReaderCursor* slowest() const;
  bool all_have_read(const LogOffset& end) const;
  // There are readers, and each has committed all up to the end.
  bool all_have_committed(const LogOffset& end) const;
  // The segment goes: what cursors have open of it, to be closed without the lock.
  std::vector<std::shared_ptr<SegmentReader>> let_go(uint64_t serial);

  // Somebody waits for room.
  void add_back_pressure() { ++back_pressures_; }
  // The cursor's reader has not been woken for the last one.
  bool must_wake(const ReaderCursor& cursor) const { return cursor.woken != back_pressures_; }
  void woke(ReaderCursor& cursor) const { cursor.woken = back_pressures_; }
  // The reader has not committed since the last one.
  bool under_back_pressure(size_t number) const { return cursors_[number].back_pressures_committed != back_pressures_; }

 private:
  std::deque<ReaderCursor> cursors_;  // References to them stay good.
  std::map<std::string, LogOffset> saved_;
  size_t back_pressures_ = 0;
};

}  // namespace levada::agent

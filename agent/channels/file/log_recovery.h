// Finds out what the folder of a channel holds, whatever a crash or a bad disk did to it.
#pragma once

#include <vector>

#include "agent/channels/file/cursor_file.h"
#include "agent/channels/file/segment_reader.h"

namespace levada::agent {

struct Segment {
  std::string path;
  LogOffset first;
  uint64_t follows_row = 0;  // Rows between the end of the segment before it and this number were never given.
  uint64_t records_at = kSegmentHeaderBytes;  // Offset of the first record.
  uint64_t bytes = 0;                         // Up to where its records reach.
  int64_t created_ns = 0;
  bool damaged = false;
  uint64_t serial = 0;  // Of this start; a segment that is written anew has another.
};

struct RecoveredLog {
  uint64_t log_id = 0;
  std::vector<Segment> segments;
  LogOffset end;        // Behind the last record that is there, or is proved to have been.
  LogOffset next;       // Where the next record goes.
  Positions positions;  // Of the sources.
  CursorFile cursors;
  uint64_t cut_bytes = 0;  // Of the torn tail.
  // Streams whose last rows were synced and are gone, as the cursors prove:
  // where what is left of them ends.
  std::map<std::string, uint64_t> lost;

  bool is_last(const Segment& segment) const { return &segment == &segments.back(); }
  // Where records of one of the segments begin that count no more: they stand in the next one, too.
  LogOffset limit(const Segment& segment) const { return is_last(segment) ? next : (&segment)[1].first; }
};

// What recovery may do to the files.
enum class Repair {
  nothing,  // Looks only; a folder that is no channel is an error.
  all,      // Makes the folder a channel, cuts the torn tail, and syncs what it found.
};

// Code::retry: the disk failed. Code::fatal: wrong version or key.
Result<RecoveredLog> recover_log(const Files& files, const std::string& folder, const KeyRing& keys, Repair repair);

}  // namespace levada::agent

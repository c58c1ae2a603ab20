// The end of a channel's log: how much is written, how much of that is synced, and which
// acknowledgements wait for a sync. Not locked: the channel guards it.
#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "agent/channels/file/format.h"
#include "agent/channels/file/log_recovery.h"
#include "agent/flow/in_flight.h"

namespace levada::agent {

class LogTail {
 public:
  // What is known to survive a crash.
  struct Synced {
    LogOffset next;       // Where records that are not synced begin.
    LogOffset end;        // Behind the last record that is: a start may leave numbers out behind it.
    uint64_t bytes = 0;   // Of the last segment.
    Positions positions;  // How far each source's stream had got.
    bool failed = false;  // The last sync did: nothing behind `next` can be believed.
  };

  // syncs: false where the channel never does, and believes what is written.
  explicit LogTail(bool syncs) : syncs_(syncs) {}
  // What a start has found.
  void recovered(const RecoveredLog& log);

  // Where the next record goes.
  const LogOffset& end() const { return end_; }
  // Where the rows end that were given numbers.
  uint64_t last_row() const { return last_row_; }
  // How far each source's stream has got.
  const Positions& positions() const { return positions_; }
  // All rows of the batch are in the log.
  bool has(const InFlight& in_flight) const;
  // A record of these rows was written at the end.
  void written(const InFlight& in_flight, uint64_t rows);
  // Leaves out the numbers before the offset, which readers have seen. All before them is synced.
  void skip_to(const LogOffset& log_offset) { end_ = synced_.next = log_offset; }

  const Synced& synced() const { return synced_; }
  bool needs_sync() const { return syncs_ && synced_.next < end_; }
  // A segment was begun and has so many bytes.
  void segment_begun(uint64_t bytes) { synced_.bytes = syncs_ ? bytes : 0; }
  // So many bytes of the last segment are synced.
  void segment_synced(uint64_t bytes) { synced_.bytes = bytes; }
  // A batch that lies before what is synced next.
  void position_synced(const InFlight& in_flight) { advance(synced_.positions, in_flight); }
  // All before the offset is synced; gives the acknowledgements that waited for that.
  std::vector<std::shared_ptr<Acknowledgement>> synced_to(const LogOffset& log_offset);
  void sync_failed() { synced_.failed = true; }
  // What was not synced is written once more.
  void repaired() { synced_.failed = false; }
  // Waits for all that is written now.
  void acknowledge_when_synced(std::shared_ptr<Acknowledgement> acknowledgement) {
    acknowledgements_.emplace_back(end_, std::move(acknowledgement));
  }

  // Numbers may have been left out behind the last record: who has read that has read all.
  LogOffset behind_gap(const LogOffset& log_offset) const;

 private:
  static void advance(Positions& positions, const InFlight& in_flight);

  const bool syncs_;
  LogOffset end_;
  uint64_t last_row_ = 0;
  Positions positions_;
  Synced synced_;
  std::deque<std::pair<LogOffset, std::shared_ptr<Acknowledgement>>> acknowledgements_;  // By what must be synced.
};

}  // namespace levada::agent

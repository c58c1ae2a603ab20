// What a FileChannel is made of. Writers take write_mutex_ first, whoever syncs sync_mutex_ next, and all mutex_ last;
// nothing waits for a disk while it holds mutex_.
#pragma once

#include <deque>
#include <set>
#include <thread>

#include "agent/channels/file/file_channel.h"
#include "agent/channels/file/log_recovery.h"
#include "agent/channels/file/record_encoder.h"
#include "agent/channels/file/segment_writer.h"

namespace levada::agent {

class FileChannel::State {
 public:
  State(FileChannelOptions options, const Services& services, Drive drive);
  ~State();

  Done open();
  Positions positions() const;
  void add_writer();
  void close();

  bool append(InFlight&& in_flight);
  void wait_for_room(nanoseconds timeout);
  std::string blocked_by() const;

  size_t add_cursor(const std::string& reader);
  void resume(size_t cursor, const Positions& committed);
  std::optional<InFlight> read(size_t cursor, nanoseconds timeout);
  void commit(size_t cursor);
  void rewind(size_t cursor);
  bool ended(size_t cursor) const;
  bool under_back_pressure(size_t cursor) const;
  void apply_back_pressure();

  void run_once();

 private:
  using Sync = FileChannelOptions::Sync;

  // A record that is not synced yet, or that readers will want next.
  struct Entry {
    Place place;
    uint64_t rows;
    InFlight in_flight;  // As its source gave it.
    bool continued;
    uint64_t serial, end_offset;  // The segment that it is in, and where it ends there.
    Place end() const { return place.behind(rows); }
  };
  // The place of the next record in a segment.
  struct Location {
    uint64_t serial = 0;  // 0: not known.
    uint64_t offset = 0;
  };
  struct Cursor {
    std::string reader;
    Place next, committed;
    Location at;
    std::shared_ptr<SegmentReader> segment;  // The one that it read last; let go when that is removed.
    uint64_t segment_serial = 0;
    bool failed = false;             // and whether that failed.
    size_t woken = 0, relieved = 0;  // Presses that it has been woken for, and those before its last commit.
  };
  // Something keeps the channel from taking batches; it is logged when it begins and when it ends.
  enum class Trouble { none, disk, full };

  // file_channel_append.cc; under write_mutex_.
  bool write_group(std::vector<InFlight> group);
  bool has_room();
  bool disk_has_room();
  bool replace_delivered();
  Result<uint64_t> free_bytes() const;
  bool all_committed() const;  // Under mutex_.
  Done start_segment(Place first, uint64_t follows_row, const Positions& positions);
  // Writes the records and fills in where they are; what failed is taken back.
  Done write_records(std::vector<Entry>& entries);
  void enter(std::vector<Entry> entries, bool again);
  bool refuse(Trouble trouble, std::string why);
  void recovered();
  bool repair();
  void restate();
  void find_lost_from(const Positions& positions);

  // file_channel_sync.cc
  bool sync();
  void advance_durable(Place to, std::unique_lock<std::mutex>& lock);
  void trim();
  bool reclaim();
  Done quarantine(const std::string& path) const;
  void save_cursors(bool closing);
  void run();
  bool needs_sync() const { return durable_ < end_ && options_.sync != Sync::none; }
  nanoseconds now() const { return nanoseconds{clock_.monotonic(clock_.context)}; }

  // file_channel_read.cc; under mutex_.
  void place(Cursor& cursor);
  Place behind_gap(Place place) const;
  std::optional<InFlight> cached(Cursor& cursor);
  std::optional<InFlight> from_disk(Cursor& cursor, std::unique_lock<std::mutex>& lock);
  bool locate(Cursor& cursor, std::unique_lock<std::mutex>& lock);
  void leave_segment(Cursor& cursor, size_t number, std::optional<uint64_t> damaged_at);
  void missed(const Cursor& cursor, uint64_t serial, std::optional<uint64_t> damaged_at, uint64_t rows);
  std::optional<size_t> segment_of(uint64_t serial) const;
  void read_failed(Cursor& cursor, const Error& error);
  InFlight for_reader(const InFlight& in_flight, Place place, uint64_t rows) const;
  Place visible() const { return options_.sync == Sync::commit ? durable_ : end_; }
  bool closed() const { return writers_ == 0; }

  const FileChannelOptions options_;
  const Files files_;
  const levada_clock& clock_;
  const uint64_t segment_limit_;
  const bool own_thread_;
  Counter rows_stored_, bytes_written_, syncs_, syncs_failed_, writes_failed_, rows_missing_, known_again_;

  std::mutex write_mutex_;
  KeyRing keys_;
  std::unique_ptr<RecordEncoder> encoder_;
  std::map<std::string, std::vector<InFlight>> held_;  // Parts of batches whose position has not come yet, by stream.
  bool start_new_ = true;                              // The next record starts a segment.
  nanoseconds look_again_{};                           // When the disk failed or was full: not to be asked before that.
  uint64_t unchecked_bytes_ = 0, check_after_bytes_ = 0;  // Written since free bytes were asked for.

  std::mutex sync_mutex_;
  mutable std::mutex mutex_;
  std::condition_variable arrival_, room_, work_;
  uint64_t log_id_ = 0;
  bool open_ = false, stopping_ = false, sync_failed_ = false;
  std::shared_ptr<SegmentWriter> active_;  // Changed under write_mutex_ and mutex_.
  std::vector<Segment> segments_;
  uint64_t next_serial_ = 1;
  uint64_t total_bytes_ = 0, durable_bytes_ = 0;  // Of all segments; of the active one.
  Place end_, durable_;                           // Where the next record goes; where those that are not synced begin.
  Place durable_end_;      // Behind the last record that is synced: a start may leave numbers out behind it.
  uint64_t last_row_ = 0;  // Where the rows that were given numbers end.
  Positions positions_, durable_positions_;
  std::deque<Entry> recent_;
  uint64_t recent_bytes_ = 0, unsynced_bytes_ = 0;
  std::deque<std::pair<Place, std::shared_ptr<Acknowledgement>>> acknowledgements_;  // Done when what stands before is synced.
  std::deque<Cursor> cursors_;
  std::map<std::string, Place> saved_cursors_;
  std::string saved_text_;
  bool restate_ = false;  // Readers are to be told how far each source's stream has got, as rows are missing.
  std::map<std::string, uint64_t> lost_from_;  // By stream: no rows before this number are missing, if it is known.
  std::set<std::string> damaged_segments_;     // Paths of segments with missing rows; "" where it is not known.
  std::set<std::pair<uint64_t, Place>> known_damage_;  // By segment and first missing: each is counted once.
  size_t back_pressures_ = 0, writers_ = 0;
  Trouble trouble_ = Trouble::none;
  std::string blocked_by_;
  nanoseconds last_sync_{}, last_save_{};
  std::thread thread_;
};

}  // namespace levada::agent

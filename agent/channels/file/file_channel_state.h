// What a FileChannel is made of: its parts, and what it does with them. The parts lock nothing; all
// locks are here, and are taken in this order:
//
// write_mutex_  Held by whoever writes to the log. Guards what only writers use.
// sync_mutex_   Held by whoever syncs the log: one at a time.
// mutex_        Guards what writers, readers and the channel's thread share. Nothing waits for a
//               disk while it holds mutex_.
//
// `active_` and the end of `tail_` change only under write_mutex_ and mutex_
// together, so writers may look at them with write_mutex_ alone. `keys_` and
// `log_id_` are set by `open`, before all else.
#pragma once

#include <thread>

#include "agent/channels/channel_gauges.h"
#include "agent/channels/file/blockage.h"
#include "agent/channels/file/file_channel.h"
#include "agent/channels/file/file_channel_counters.h"
#include "agent/channels/file/held_parts.h"
#include "agent/channels/file/log_recovery.h"
#include "agent/channels/file/log_tail.h"
#include "agent/channels/file/missing_rows.h"
#include "agent/channels/file/reader_cursors.h"
#include "agent/channels/file/recent_batches.h"
#include "agent/channels/file/record_encoder.h"
#include "agent/channels/file/segment_files.h"
#include "agent/channels/file/segment_list.h"
#include "agent/channels/file/segment_writer.h"
#include "agent/channels/file/space_watch.h"

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

  // file_channel_append.cc; under write_mutex_.
  bool write_group(std::vector<InFlight> group);
  bool has_room();
  bool disk_has_room();
  bool replace_delivered();
  bool all_delivered() const;  // Under mutex_.
  Done start_segment(const LogOffset& first, uint64_t follows_row, const Positions& positions);
  // Writes the records and fills in where they are; what failed is taken back.
  Done write_records(std::vector<RecentBatch>& batches);
  void enter(std::vector<RecentBatch> batches);
  void enter_again(std::vector<RecentBatch> batches);
  void count_written_bytes();  // Under mutex_.
  bool refuse(std::string why);
  void take_again();  // Under mutex_.
  bool repair();
  void restate();
  void find_lost_from(const std::set<std::string>& segments, const Positions& positions, MissingRows::From& lost) const;

  // file_channel_sync.cc
  bool sync();
  void advance_synced(const LogOffset& to, std::unique_lock<std::mutex>& lock);
  void trim();  // Under mutex_.
  bool reclaim();
  void save_cursors(bool closing);
  void show();  // Under mutex_.
  void run();
  nanoseconds now() const { return nanoseconds{clock_.monotonic(clock_.context)}; }

  // file_channel_read.cc; under mutex_.
  void set_up(ReaderCursor& cursor);
  std::optional<InFlight> from_memory(ReaderCursor& cursor);
  std::optional<InFlight> from_disk(ReaderCursor& cursor, std::unique_lock<std::mutex>& lock);
  bool locate(ReaderCursor& cursor, std::unique_lock<std::mutex>& lock);
  void leave_segment(ReaderCursor& cursor, size_t number, std::optional<uint64_t> damaged_at);
  void missed(const ReaderCursor& cursor, uint64_t serial, std::optional<uint64_t> damaged_at, uint64_t rows);
  void read_failed(ReaderCursor& cursor, const Error& error);
  InFlight for_reader(const InFlight& in_flight, const LogOffset& log_offset, uint64_t rows) const;
  const LogOffset& visible() const { return options_.sync == Sync::commit ? tail_.synced().next : tail_.end(); }
  bool closed() const { return writers_ == 0; }

  const FileChannelOptions options_;
  const Files files_;
  const SegmentFiles segment_files_;
  const levada_clock& clock_;
  const uint64_t segment_limit_;
  const bool own_thread_;
  FileChannelCounters counters_;
  const ChannelGauges gauges_;
  KeyRing keys_;
  uint64_t log_id_ = 0;

  std::mutex write_mutex_;
  std::unique_ptr<RecordEncoder> encoder_;
  HeldParts held_;
  SpaceWatch space_;
  bool start_new_ = true;  // The next record starts a segment.

  std::mutex sync_mutex_;

  mutable std::mutex mutex_;
  std::condition_variable arrival_, room_, work_;
  std::shared_ptr<SegmentWriter> active_;  // Of the last segment.
  LogTail tail_;
  SegmentList segments_;
  RecentBatches recent_;
  ReaderCursors cursors_;
  MissingRows missing_;
  Blockage blockage_;
  size_t writers_ = 0;  // Sources that have not closed it.
  bool open_ = false, stopping_ = false;
  nanoseconds last_sync_{};

  // Of the channel's thread alone.
  nanoseconds last_save_{};
  std::string saved_cursors_;  // The text of the file `cursors`.
  std::thread thread_;
};

}  // namespace levada::agent

// The reading side of a file channel.
#include <algorithm>

#include "agent/channels/file/file_channel_state.h"
#include "agent/observe/log.h"

namespace levada::agent {

size_t FileChannel::State::add_cursor(const std::string& reader) {
  const std::lock_guard lock(mutex_);
  const size_t number = cursors_.add(reader);
  if (open_) set_up(cursors_[number]);
  return number;
}

// Where it was saved, or at the oldest record. What was saved may be older
// than the last segment that went.
void FileChannel::State::set_up(ReaderCursor& cursor) {
  const auto saved = cursors_.saved_offset(cursor.reader);
  LogOffset log_offset = segments_.empty() ? tail_.end() : segments_.front().first;
  if (saved) log_offset = segments_.empty() ? *saved : std::max(*saved, log_offset);
  cursor.next = cursor.committed = tail_.behind_gap(log_offset);
}

void FileChannel::State::resume(size_t number, const Positions& committed) {
  const std::lock_guard write_lock(write_mutex_);
  const auto mine = committed.find(options_.name);
  if (mine == committed.end()) return;  // It stands where it was saved, or at the oldest record.
  const auto position = parse_position_text(mine->second.position);
  std::unique_lock lock(mutex_);
  ReaderCursor& cursor = cursors_[number];
  const bool ours = position && position->log_id == log_id_;
  if (!ours)
    log_warning(options_.name, cursor.reader + " was last at " + mine->second.position +
                                   ", in another folder than this: it starts at " + cursor.next.text());
  // Numbers that its sink has seen are not given again, for it would
  // take them for rows that it has.
  const LogOffset known = ours ? position->log_offset : LogOffset{mine->second.sequence, 0};
  if (known > tail_.end()) {
    if (tail_.needs_sync()) {
      lock.unlock();
      sync();
      lock.lock();
    }
    log_warning(options_.name, cursor.reader + " had got to row " + known.text() + ", and the channel ends at " +
                                   tail_.end().text() + ": rows were lost with the disk; numbers go on from there");
    if (!tail_.needs_sync()) {
      tail_.skip_to(known);
      start_new_ = true;
    }
  }
  if (!ours) return;
  cursor.next = cursor.committed = tail_.behind_gap(known);
  cursor.at = {};
}

std::optional<InFlight> FileChannel::State::read(size_t number, nanoseconds timeout) {
  std::shared_ptr<SegmentReader> unneeded;  // Closed once the lock is gone: its file may be removed, and large.
  std::unique_lock lock(mutex_);
  ReaderCursor& cursor = cursors_[number];
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto awaited = [&] {
      return (cursor.next < visible() && !cursor.failed) || closed() || cursors_.must_wake(cursor);
    };
    if (timeout.count() > 0) arrival_.wait_until(lock, deadline, awaited);
    cursors_.woke(cursor);
    if (cursor.next >= visible()) return std::nullopt;
    if (auto in_flight = from_memory(cursor)) {
      unneeded = std::move(cursor.segment);
      cursor.segment_serial = 0;
      return in_flight;
    }
    const LogOffset before = cursor.next;
    const uint64_t serial = cursor.at.serial;
    if (auto in_flight = from_disk(cursor, lock)) return in_flight;
    // Nothing waits to be committed before what is missing: it holds no segment back.
    if (cursor.committed == before) cursor.committed = cursor.next;
    // It may have passed over what is missing, or gone on to another segment.
    if (cursor.next == before && cursor.at.serial == serial) return std::nullopt;
  }
}

std::optional<InFlight> FileChannel::State::from_memory(ReaderCursor& cursor) {
  const RecentBatch* batch = recent_.find(cursor.next);
  if (!batch || batch->log_offset >= visible()) return std::nullopt;
  cursor.next = batch->end();
  cursor.at = {batch->serial, batch->end_offset};
  auto in_flight = for_reader(batch->in_flight, batch->log_offset, batch->rows);
  trim();
  return in_flight;
}

// A record out of a segment; nothing where the disk failed, or the cursor
// moved on to another segment.
std::optional<InFlight> FileChannel::State::from_disk(ReaderCursor& cursor, std::unique_lock<std::mutex>& lock) {
  if (!segments_.find(cursor.at.serial) && !locate(cursor, lock)) return std::nullopt;
  const auto number = segments_.find(cursor.at.serial);
  if (!number) return std::nullopt;
  const Segment segment = segments_[*number];
  LogOffset limit = segments_.is_last(*number) ? tail_.end() : segments_[*number + 1].first;
  if (!recent_.empty()) limit = std::min(limit, recent_.oldest().log_offset);
  uint64_t offset = cursor.at.offset;
  const LogOffset next = cursor.next;
  if (cursor.segment_serial != segment.serial) {
    cursor.segment = std::make_shared<SegmentReader>(files_, segment.path, log_id_, keys_);
    cursor.segment_serial = segment.serial;
  }
  const auto reader = cursor.segment;
  lock.unlock();
  std::optional<uint64_t> damaged_at;
  auto record = reader->next(offset, segment.bytes, SegmentReader::Depth::payloads, &damaged_at);
  while (record && *record && (*record)->header.end() <= next) {
    offset = (*record)->end();
    record = reader->next(offset, segment.bytes, SegmentReader::Depth::payloads, &damaged_at);
  }
  lock.lock();
  if (!record) {
    read_failed(cursor, record.error());
    return std::nullopt;
  }
  cursor.failed = false;
  if (!*record || (*record)->header.log_offset >= limit) {
    if (const auto still = segments_.find(segment.serial)) leave_segment(cursor, *still, damaged_at);
    return std::nullopt;
  }
  const RecordHeader& header = (*record)->header;
  cursor.at = {segment.serial, (*record)->end()};
  const uint64_t rows = header.log_offset.row > cursor.next.row ? header.log_offset.row - cursor.next.row : 0;
  if (damaged_at || rows > 0) missed(cursor, segment.serial, damaged_at, rows);
  cursor.next = header.end();
  return for_reader(*(*record)->in_flight, header.log_offset, header.rows);
}

// Finds the record of the cursor's offset.
bool FileChannel::State::locate(ReaderCursor& cursor, std::unique_lock<std::mutex>& lock) {
  if (segments_.empty()) {
    if (tail_.last_row() > cursor.next.row) missed(cursor, 0, std::nullopt, tail_.last_row() - cursor.next.row);
    cursor.next = tail_.end();
    return false;
  }
  const Segment segment = segments_[segments_.find(cursor.next).value_or(0)];
  const LogOffset next = cursor.next;
  lock.unlock();
  SegmentReader reader(files_, segment.path, log_id_, keys_);
  uint64_t offset = segment.records_at;
  Done done;
  for (;;) {
    auto record = reader.next(offset, segment.bytes, SegmentReader::Depth::headers, nullptr);
    if (!record) done = std::move(record).error();
    if (!record || !*record || (*record)->header.end() > next) break;
    offset = (*record)->end();
  }
  lock.lock();
  if (!done) {
    read_failed(cursor, done.error());
    return false;
  }
  if (segment.first > next) {
    if (segment.follows_row > next.row) missed(cursor, segment.serial, std::nullopt, segment.follows_row - next.row);
    cursor.next = segment.first;
  }
  cursor.at = {segment.serial, offset};
  return true;
}

void FileChannel::State::leave_segment(ReaderCursor& cursor, size_t number, std::optional<uint64_t> damaged_at) {
  const Segment& left = segments_[number];
  const bool last = segments_.is_last(number);
  LogOffset next = last ? tail_.end() : segments_[number + 1].first;
  uint64_t follows = last ? tail_.last_row() : segments_[number + 1].follows_row;
  const bool in_memory = !recent_.empty() && recent_.oldest().log_offset <= next;
  if (in_memory) {
    next = recent_.oldest().log_offset;
    follows = std::min(follows, next.row);
  }
  const uint64_t rows = follows > cursor.next.row ? follows - cursor.next.row : 0;
  // What stands behind the last record that counts may be anything: a write that failed,
  // and was made again elsewhere.
  if (rows > 0) missed(cursor, left.serial, damaged_at, rows);
  cursor.next = std::max(cursor.next, next);
  cursor.at = {};
  if (!last && !in_memory) cursor.at = {segments_[number + 1].serial, segments_[number + 1].records_at};
}

// Rows cannot be read, for good: told and counted once, however many readers pass by.
void FileChannel::State::missed(const ReaderCursor& cursor, uint64_t serial, std::optional<uint64_t> damaged_at,
                                uint64_t rows) {
  const auto number = segments_.find(serial);
  if (number && damaged_at) {
    segments_.mark_damaged(*number);
    // At once: the next start would take the segment for a good one, as its readers
    // are through with the damage.
    if (auto kept = segment_files_.quarantine(segments_[*number].path); !kept)
      log_warning(options_.name, kept.error().message);
  }
  if (!missing_.add(serial, cursor.next)) return;
  counters_.rows_missing.add(static_cast<int64_t>(rows));
  if (rows > 0) {
    const auto in = segments_.find(cursor.next);
    missing_.add_segment(in ? segments_[*in].path : "");
    work_.notify_all();
  }
  const std::string path = number ? segments_[*number].path : options_.folder;
  const std::string what =
      damaged_at ? path + " is damaged at byte " + std::to_string(*damaged_at) : "something is gone beside " + path;
  log_error(options_.name, what + ": " + std::to_string(rows) + " rows from row " + cursor.next.text() +
                               " on are missing; the rest goes on");
}

void FileChannel::State::read_failed(ReaderCursor& cursor, const Error& error) {
  if (!cursor.failed) log_warning(options_.name, cursor.reader + ": " + error.message + "; trying again");
  cursor.failed = true;
  cursor.segment_serial = 0;  // Opened anew.
}

InFlight FileChannel::State::for_reader(const InFlight& in_flight, const LogOffset& log_offset, uint64_t rows) const {
  const LogOffset end = log_offset.behind(rows);
  InFlight given = in_flight;
  given.batch.position = position_text(log_id_, end);
  given.batch.sequence = log_offset.row;
  given.stream = options_.name;
  given.end = end.row;
  return given;
}

void FileChannel::State::commit(size_t number) {
  {
    const std::lock_guard lock(mutex_);
    cursors_.commit(number);
  }
  room_.notify_all();
}

void FileChannel::State::rewind(size_t number) {
  const std::lock_guard lock(mutex_);
  cursors_.rewind(number);
}

bool FileChannel::State::ended(size_t number) const {
  const std::lock_guard lock(mutex_);
  return closed() && !missing_.due() && cursors_[number].next >= tail_.end();
}

bool FileChannel::State::under_back_pressure(size_t number) const {
  const std::lock_guard lock(mutex_);
  return cursors_.under_back_pressure(number);
}

void FileChannel::State::apply_back_pressure() {
  {
    const std::lock_guard lock(mutex_);
    cursors_.add_back_pressure();
    recent_.drop(tail_.synced().next);
  }
  arrival_.notify_all();
}

}  // namespace levada::agent

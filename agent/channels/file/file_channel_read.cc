// The reading side of a file channel.
#include <algorithm>

#include "agent/channels/file/file_channel_state.h"
#include "agent/observe/log.h"

namespace levada::agent {

size_t FileChannel::State::add_cursor(const std::string& reader) {
  const std::lock_guard lock(mutex_);
  cursors_.emplace_back().reader = reader;
  if (open_) place(cursors_.back());
  return cursors_.size() - 1;
}

// Where it was saved, or at the oldest record. What was saved may be older than the last segment that went.
void FileChannel::State::place(Cursor& cursor) {
  const auto saved = saved_cursors_.find(cursor.reader);
  Place place = segments_.empty() ? end_ : segments_.front().first;
  if (saved != saved_cursors_.end()) place = segments_.empty() ? saved->second : std::max(saved->second, place);
  cursor.next = cursor.committed = behind_gap(place);
}

// Numbers may have been left out behind the last record: who has read that has read all.
Place FileChannel::State::behind_gap(Place place) const {
  return !needs_sync() && place >= durable_end_ ? end_ : std::min(place, end_);
}

void FileChannel::State::resume(size_t number, const Positions& committed) {
  const std::lock_guard write_lock(write_mutex_);
  const auto mine = committed.find(options_.name);
  if (mine == committed.end()) return;  // It stands where it was saved, or at the oldest record.
  const auto position = parse_position_text(mine->second.position);
  std::unique_lock lock(mutex_);
  Cursor& cursor = cursors_[number];
  const bool ours = position && position->log_id == log_id_;
  if (!ours)
    log_warning(options_.name, cursor.reader + " was last at " + mine->second.position +
                                   ", in another folder than this: it starts at " + cursor.next.text());
  // Numbers that its sink has seen are not given again, for it would take them for rows that it has.
  const Place known = ours ? position->place : Place{mine->second.sequence, 0};
  if (known > end_) {
    if (needs_sync()) {
      lock.unlock();
      sync();
      lock.lock();
    }
    log_warning(options_.name, cursor.reader + " had got to row " + known.text() + ", and the channel ends at " +
                                   end_.text() + ": rows were lost with the disk; numbers go on from there");
    if (!needs_sync()) {
      end_ = durable_ = known;
      start_new_ = true;
    }
  }
  if (!ours) return;
  cursor.next = cursor.committed = behind_gap(known);
  cursor.at = {};
}

std::optional<InFlight> FileChannel::State::read(size_t number, nanoseconds timeout) {
  std::shared_ptr<SegmentReader> unneeded;  // Closed once the lock is gone: its file may be removed, and large.
  std::unique_lock lock(mutex_);
  Cursor& cursor = cursors_[number];
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    const auto awaited = [&] {
      return (cursor.next < visible() && !cursor.failed) || closed() || back_pressures_ != cursor.woken;
    };
    if (timeout.count() > 0) arrival_.wait_until(lock, deadline, awaited);
    cursor.woken = back_pressures_;
    if (cursor.next >= visible()) return std::nullopt;
    if (auto in_flight = cached(cursor)) {
      unneeded = std::move(cursor.segment);
      cursor.segment_serial = 0;
      return in_flight;
    }
    const Place before = cursor.next;
    const uint64_t serial = cursor.at.serial;
    if (auto in_flight = from_disk(cursor, lock)) return in_flight;
    // Nothing waits to be committed before what is missing: it holds no segment back.
    if (cursor.committed == before) cursor.committed = cursor.next;
    // It may have passed over what is missing, or gone on to another segment.
    if (cursor.next == before && cursor.at.serial == serial) return std::nullopt;
  }
}

std::optional<InFlight> FileChannel::State::cached(Cursor& cursor) {
  if (recent_.empty() || cursor.next < recent_.front().place) return std::nullopt;
  const auto entry = std::ranges::lower_bound(recent_, cursor.next, {}, &Entry::place);
  if (entry == recent_.end() || entry->place >= visible()) return std::nullopt;
  cursor.next = entry->end();
  cursor.at = {entry->serial, entry->end_offset};
  auto in_flight = for_reader(entry->in_flight, entry->place, entry->rows);
  trim();
  return in_flight;
}

// A record out of a segment; nothing where the disk failed, or the cursor moved on to another segment.
std::optional<InFlight> FileChannel::State::from_disk(Cursor& cursor, std::unique_lock<std::mutex>& lock) {
  if (!segment_of(cursor.at.serial) && !locate(cursor, lock)) return std::nullopt;
  const auto number = segment_of(cursor.at.serial);
  if (!number) return std::nullopt;
  const Segment segment = segments_[*number];
  Place limit = *number + 1 < segments_.size() ? segments_[*number + 1].first : end_;
  if (!recent_.empty()) limit = std::min(limit, recent_.front().place);
  uint64_t offset = cursor.at.offset;
  const Place next = cursor.next;
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
  if (!*record || (*record)->header.place >= limit) {
    if (const auto still = segment_of(segment.serial)) leave_segment(cursor, *still, damaged_at);
    return std::nullopt;
  }
  const RecordHeader& header = (*record)->header;
  cursor.at = {segment.serial, (*record)->end()};
  const uint64_t rows = header.place.row > cursor.next.row ? header.place.row - cursor.next.row : 0;
  if (damaged_at || rows > 0) missed(cursor, segment.serial, damaged_at, rows);
  cursor.next = header.end();
  return for_reader(*(*record)->in_flight, header.place, header.rows);
}

// Finds the record of the cursor's place.
bool FileChannel::State::locate(Cursor& cursor, std::unique_lock<std::mutex>& lock) {
  if (segments_.empty()) {
    if (last_row_ > cursor.next.row) missed(cursor, 0, std::nullopt, last_row_ - cursor.next.row);
    cursor.next = end_;
    return false;
  }
  auto after = std::ranges::upper_bound(segments_, cursor.next, {}, &Segment::first);
  const Segment segment = after == segments_.begin() ? *after : *(after - 1);
  const Place next = cursor.next;
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

void FileChannel::State::leave_segment(Cursor& cursor, size_t number, std::optional<uint64_t> damaged_at) {
  const Segment& left = segments_[number];
  const bool last = number + 1 == segments_.size();
  Place next = last ? end_ : segments_[number + 1].first;
  uint64_t follows = last ? last_row_ : segments_[number + 1].follows_row;
  const bool in_memory = !recent_.empty() && recent_.front().place <= next;
  if (in_memory) {
    next = recent_.front().place;
    follows = std::min(follows, next.row);
  }
  const uint64_t rows = follows > cursor.next.row ? follows - cursor.next.row : 0;
  // What stands behind the last record that counts may be anything: a write that failed, and was made again elsewhere.
  if (rows > 0) missed(cursor, left.serial, damaged_at, rows);
  cursor.next = std::max(cursor.next, next);
  cursor.at = last || in_memory ? Location() : Location{segments_[number + 1].serial, segments_[number + 1].records_at};
}

// Rows cannot be read, for good: told and counted once, however many readers pass by.
void FileChannel::State::missed(const Cursor& cursor, uint64_t serial, std::optional<uint64_t> damaged_at,
                                uint64_t rows) {
  const auto number = segment_of(serial);
  if (number && damaged_at) {
    segments_[*number].damaged = true;
    // At once: the next start would take the segment for a good one, as its readers are through with the damage.
    if (auto kept = quarantine(segments_[*number].path); !kept) log_warning(options_.name, kept.error().message);
  }
  if (!known_damage_.emplace(serial, cursor.next).second) return;
  rows_missing_.add(static_cast<int64_t>(rows));
  if (rows > 0) {
    restate_ = true;
    const auto behind = std::ranges::upper_bound(segments_, cursor.next, {}, &Segment::first);
    damaged_segments_.insert(behind == segments_.begin() ? "" : (behind - 1)->path);
    work_.notify_all();
  }
  const std::string path = number ? segments_[*number].path : options_.folder;
  const std::string what =
      damaged_at ? path + " is damaged at byte " + std::to_string(*damaged_at) : "something is gone beside " + path;
  log_error(options_.name, what + ": " + std::to_string(rows) + " rows from row " + cursor.next.text() +
                               " on are missing; the rest goes on");
}

std::optional<size_t> FileChannel::State::segment_of(uint64_t serial) const {
  const auto found = std::ranges::find(segments_, serial, &Segment::serial);
  if (serial == 0 || found == segments_.end()) return std::nullopt;
  return static_cast<size_t>(found - segments_.begin());
}

void FileChannel::State::read_failed(Cursor& cursor, const Error& error) {
  if (!cursor.failed) log_warning(options_.name, cursor.reader + ": " + error.message + "; trying again");
  cursor.failed = true;
  cursor.segment_serial = 0;  // Opened anew.
}

InFlight FileChannel::State::for_reader(const InFlight& in_flight, Place place, uint64_t rows) const {
  const Place end = place.behind(rows);
  InFlight given = in_flight;
  given.batch.position = position_text(log_id_, end);
  given.batch.sequence = place.row;
  given.stream = options_.name;
  given.end = end.row;
  return given;
}

void FileChannel::State::commit(size_t number) {
  {
    const std::lock_guard lock(mutex_);
    Cursor& cursor = cursors_[number];
    cursor.committed = cursor.next;
    cursor.relieved = back_pressures_;
  }
  room_.notify_all();
}

void FileChannel::State::rewind(size_t number) {
  const std::lock_guard lock(mutex_);
  Cursor& cursor = cursors_[number];
  cursor.next = cursor.committed;
  cursor.at = {};
}

bool FileChannel::State::ended(size_t number) const {
  const std::lock_guard lock(mutex_);
  return closed() && !restate_ && cursors_[number].next >= end_;
}

bool FileChannel::State::under_back_pressure(size_t number) const {
  const std::lock_guard lock(mutex_);
  return cursors_[number].relieved != back_pressures_;
}

void FileChannel::State::apply_back_pressure() {
  {
    const std::lock_guard lock(mutex_);
    ++back_pressures_;
    while (!recent_.empty() && recent_.front().end() <= durable_) {
      recent_bytes_ -= recent_.front().in_flight.bytes;
      recent_.pop_front();
    }
  }
  arrival_.notify_all();
}

}  // namespace levada::agent

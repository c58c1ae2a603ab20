// The writing side of a file channel.
#include <algorithm>

#include "agent/channels/file/file_channel_state.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

constexpr nanoseconds kLookAgain = std::chrono::milliseconds(100);
// What waits for a sync is in memory: beyond this the disk is too slow for its sources.
constexpr uint64_t kUnsyncedMax = 64u << 20;
// Free bytes are asked for at least this often.
constexpr uint64_t kCheckedEvery = 64u << 20;
// Left free on a full disk, also without a low water mark: enough to begin a segment in place of
// one that is delivered.
constexpr uint64_t kBeginBytes = 64u << 10;

std::string mebibytes(uint64_t bytes) {
  return bytes < (1u << 20) ? std::to_string(bytes >> 10) + " KiB" : std::to_string(bytes >> 20) + " MiB";
}

}  // namespace

bool FileChannel::State::append(InFlight&& in_flight) {
  const std::lock_guard write_lock(write_mutex_);
  const Batch& batch = in_flight.batch;
  {
    const std::lock_guard lock(mutex_);
    const auto known = positions_.find(batch.stream);
    if (known != positions_.end() && in_flight.end + (batch.rows() == 0 ? 1 : 0) <= known->second.sequence) {
      known_again_.add();
      if (needs_sync() && options_.sync == Sync::commit) {
        acknowledgements_.emplace_back(end_, in_flight.acknowledgement);
      } else if (in_flight.acknowledgement) {
        in_flight.acknowledgement->stored();
      }
      return true;
    }
  }
  // After a crash its source would send it again, from a position before it, and cut elsewhere. So it is written
  // together with the part that has the position, and counts together with it.
  if (batch.position.empty()) {
    held_[batch.stream].push_back(std::move(in_flight));
    return true;
  }
  if (!has_room()) return false;
  std::vector<InFlight> group;
  if (const auto held = held_.find(batch.stream); held != held_.end()) group = held->second;
  group.push_back(in_flight);
  if (!write_group(std::move(group))) return false;
  held_.erase(batch.stream);
  return true;
}

bool FileChannel::State::has_room() {
  uint64_t total = 0;
  {
    const std::lock_guard lock(mutex_);
    if (sync_failed_) return false;  // The blocked_by is known.
    if (unsynced_bytes_ > kUnsyncedMax) {
      blocked_by_ = mebibytes(unsynced_bytes_) + " wait for the disk to sync them";
      work_.notify_all();
      return false;
    }
    total = total_bytes_;
  }
  if (options_.capacity_bytes > 0 && total >= options_.capacity_bytes) {
    replace_delivered();
    const std::lock_guard lock(mutex_);
    if (total_bytes_ >= options_.capacity_bytes && !all_committed()) {
      ++back_pressures_;
      arrival_.notify_all();
      trouble_ = Trouble::full;
      const auto slowest = std::ranges::min_element(cursors_, {}, &Cursor::committed);
      blocked_by_ = "the channel holds " + mebibytes(total_bytes_) + " and waits for " +
                    (slowest == cursors_.end() ? std::string("a reader") : slowest->reader);
      return false;
    }
  }
  return disk_has_room();
}

// Removes what is delivered. A segment that records are still written to would never go: where all
// of it is delivered, another one takes its place. True: it did.
bool FileChannel::State::replace_delivered() {
  bool replaced = false;
  {
    const std::lock_guard lock(mutex_);
    replaced = all_committed() && !segments_.empty() && segments_.back().first != end_;
  }
  replaced = replaced && start_segment(end_, last_row_, positions_);
  while (reclaim()) {
  }
  return replaced;
}

bool FileChannel::State::all_committed() const {
  return !cursors_.empty() && !needs_sync() &&
         std::ranges::all_of(cursors_, [&](const Cursor& cursor) { return cursor.committed == end_; });
}

bool FileChannel::State::disk_has_room() {
  if (look_again_ > now()) return false;
  uint64_t low_water = options_.low_water_bytes;
  {
    const std::lock_guard lock(mutex_);
    if (unchecked_bytes_ < check_after_bytes_ && trouble_ != Trouble::disk) return true;
    // Without readers nothing is ever delivered.
    if (!cursors_.empty()) low_water = std::max(low_water, kBeginBytes);
  }
  if (low_water == 0) return true;
  auto bytes = free_bytes();
  if (bytes && *bytes < low_water && replace_delivered()) bytes = free_bytes();
  if (!bytes) return refuse(Trouble::disk, bytes.error().message);
  if (*bytes < low_water)
    return refuse(Trouble::disk, "the disk of " + options_.folder + " has " + mebibytes(*bytes) +
                                     " left, and low_water_bytes is " + mebibytes(options_.low_water_bytes));
  unchecked_bytes_ = 0;
  check_after_bytes_ = std::min(kCheckedEvery, (*bytes - low_water) / 2);
  return true;
}

Result<uint64_t> FileChannel::State::free_bytes() const {
  const auto free = files_.table()->free_bytes(files_.table()->context, options_.folder.c_str());
  if (free < 0) return file_error("free bytes of", options_.folder, free);
  return static_cast<uint64_t>(free);
}

// The disk is at fault. Always false.
bool FileChannel::State::refuse(Trouble trouble, std::string why) {
  look_again_ = now() + kLookAgain;
  const std::lock_guard lock(mutex_);
  if (trouble_ != trouble) log_warning(options_.name, why + "; it takes nothing until that is over");
  trouble_ = trouble;
  blocked_by_ = std::move(why);
  ++back_pressures_;
  arrival_.notify_all();
  return false;
}

void FileChannel::State::recovered() {
  if (trouble_ == Trouble::disk) log_info(options_.name, "it takes batches again");
  trouble_ = Trouble::none;
  blocked_by_.clear();
}

bool FileChannel::State::write_group(std::vector<InFlight> group) {
  uint64_t written = active_ ? active_->bytes() : 0;
  if (active_ && (written >= segment_limit_ || !active_->usable())) start_new_ = true;
  if (start_new_) {
    // What a segment says of its sources' positions must not be newer than what is synced before it.
    if (options_.sync != Sync::none && !sync()) return false;
    if (auto done = start_segment(end_, last_row_, positions_); !done) {
      writes_failed_.add();
      return refuse(Trouble::disk, done.error().message);
    }
    written = active_->bytes();
  }
  std::vector<Entry> entries;
  Place place = end_;
  for (auto& in_flight : group) {
    const auto rows = static_cast<uint64_t>(in_flight.batch.rows());
    entries.push_back({place, rows, std::move(in_flight), entries.size() + 1 < group.size(), 0, 0});
    place = place.behind(rows);
  }
  auto done = write_records(entries);
  // The disk may be full of rows that are delivered.
  if (!done && replace_delivered()) {
    written = active_->bytes();
    done = write_records(entries);
  }
  if (!done) {
    writes_failed_.add();
    return refuse(Trouble::disk, done.error().message);
  }
  unchecked_bytes_ += active_->bytes() - written;
  enter(std::move(entries), false);
  return true;
}

Done FileChannel::State::start_segment(Place first, uint64_t follows_row, const Positions& positions) {
  {
    // One of the same name held no record that counts: the new file takes its place.
    const std::lock_guard lock(mutex_);
    if (!segments_.empty() && segments_.back().first == first) follows_row = segments_.back().follows_row;
  }
  SegmentHeader header;
  header.flags = options_.sync == Sync::commit ? 0 : SegmentHeader::kReadUnsynced;
  header.log_id = log_id_;
  header.first = first;
  header.follows_row = follows_row;
  header.created_ns = clock_.now(clock_.context);
  auto created = SegmentWriter::create(files_, options_.folder, header, positions_text(positions), keys_.current(),
                                       options_.sync != Sync::none);
  if (!created) return std::move(created).error();
  const std::lock_guard lock(mutex_);
  if (!segments_.empty() && segments_.back().first == first) {
    total_bytes_ -= segments_.back().bytes;
    segments_.pop_back();
  }
  active_ = *std::move(created);
  durable_bytes_ = options_.sync == Sync::none ? 0 : active_->bytes();
  segments_.push_back({active_->path(), first, follows_row, active_->bytes(), active_->bytes(), header.created_ns,
                       false, next_serial_++});
  total_bytes_ += active_->bytes();
  start_new_ = false;
  return {};
}

Done FileChannel::State::write_records(std::vector<Entry>& entries) {
  const uint64_t begin = active_->bytes();
  for (auto& entry : entries) {
    RecordHeader header;
    header.flags = entry.continued ? RecordHeader::kContinued : 0;
    header.place = entry.place;
    header.rows = entry.rows;
    {
      const std::lock_guard lock(mutex_);
      header.durable_bytes = durable_bytes_;
      entry.serial = segments_.back().serial;
    }
    header.written_ns = clock_.now(clock_.context);
    auto parts = encoder_->encode(entry.in_flight, header, log_id_);
    auto done = parts ? active_->write(*parts) : Done(std::move(parts).error());
    encoder_->forget();
    if (!done) {
      if (active_->usable() && active_->bytes() != begin) active_->cut(begin);
      return done;
    }
    entry.end_offset = active_->bytes();
  }
  bytes_written_.add(static_cast<int64_t>(active_->bytes() - begin));
  return {};
}

// The records are in the active segment: readers may know. `again`: they stand among the recent ones already.
void FileChannel::State::enter(std::vector<Entry> entries, bool again) {
  std::vector<std::shared_ptr<Acknowledgement>> stored;
  {
    const std::lock_guard lock(mutex_);
    Segment& segment = segments_.back();
    total_bytes_ += active_->bytes() - segment.bytes;
    segment.bytes = active_->bytes();
    if (again) {
      const auto first = std::ranges::lower_bound(recent_, entries.front().place, {}, &Entry::place);
      std::ranges::move(entries, first);
      sync_failed_ = false;
    } else {
      for (auto& entry : entries) {
        const Batch& batch = entry.in_flight.batch;
        end_ = entry.end();
        last_row_ = end_.row;
        rows_stored_.add(static_cast<int64_t>(entry.rows));
        if (!batch.position.empty()) positions_[batch.stream] = {batch.stream, batch.position, entry.in_flight.end};
        if (auto acknowledgement = std::move(entry.in_flight.acknowledgement)) {
          if (options_.sync == Sync::commit) {
            acknowledgements_.emplace_back(end_, std::move(acknowledgement));
          } else {
            stored.push_back(std::move(acknowledgement));
          }
        }
        recent_bytes_ += entry.in_flight.bytes;
        if (options_.sync != Sync::none) unsynced_bytes_ += entry.in_flight.bytes;
        recent_.push_back(std::move(entry));
      }
      if (options_.sync == Sync::none) durable_ = durable_end_ = end_;
    }
    recovered();
    trim();
  }
  for (const auto& acknowledgement : stored) acknowledgement->stored();
  work_.notify_all();
  if (options_.sync != Sync::commit) arrival_.notify_all();
}

// After a failed sync nothing that was not synced before can be believed, whatever a later sync says: it is written
// once more, to another segment.
bool FileChannel::State::repair() {
  const std::lock_guard write_lock(write_mutex_);
  if (look_again_ > now()) return false;
  std::vector<Entry> entries;
  Positions positions;
  uint64_t row = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!sync_failed_) return true;
    const auto first = std::ranges::lower_bound(recent_, durable_, {}, &Entry::place);
    entries.assign(first, recent_.end());
    positions = durable_positions_;
    row = entries.front().place.row;
  }
  if (active_) {
    active_->cut(durable_bytes_);
    const std::lock_guard lock(mutex_);
    total_bytes_ -= segments_.back().bytes - durable_bytes_;
    segments_.back().bytes = durable_bytes_;
    active_.reset();
    start_new_ = true;
  }
  auto done = start_segment(entries.front().place, row, positions);
  if (done) done = write_records(entries);
  if (!done) {
    writes_failed_.add();
    return refuse(Trouble::disk, done.error().message);
  }
  enter(std::move(entries), true);
  return true;
}

// Batches without rows, with the numbers that each stream has reached: readers see in them which
// rows have not come, though the stream may be quiet from now on.
void FileChannel::State::restate() {
  const std::lock_guard write_lock(write_mutex_);
  if (look_again_ > now()) return;
  Positions positions;
  {
    const std::lock_guard lock(mutex_);
    if (sync_failed_) return;
    positions = positions_;
  }
  find_lost_from(positions);
  bool written = true;
  for (const auto& [stream, position] : positions) {
    const auto empty = [&](uint64_t end, const std::string& text) {
      InFlight in_flight{Batch(0), stream, end};
      in_flight.batch.stream = stream;
      in_flight.batch.position = text;
      in_flight.batch.sequence = end;
      in_flight.account.stream = stream;
      in_flight.account.end = end;
      in_flight.account.restates = true;
      return in_flight;
    };
    std::vector<InFlight> group;
    if (const auto lost = lost_from_.find(stream); lost != lost_from_.end()) group.push_back(empty(lost->second, ""));
    group.push_back(empty(position.sequence, position.position));
    written = written && write_group(std::move(group));
  }
  const std::lock_guard lock(mutex_);
  if (written) lost_from_.clear();
  // What was found missing meanwhile is for the next round.
  restate_ = !written || !damaged_segments_.empty();
}

// Where each stream stood when the first segment began in which rows are missing.
void FileChannel::State::find_lost_from(const Positions& positions) {
  std::set<std::string> damaged;
  {
    const std::lock_guard lock(mutex_);
    damaged.swap(damaged_segments_);
  }
  for (const auto& path : damaged) {
    const auto start = SegmentReader(files_, path, log_id_, keys_).start(true);
    if (!start || !start->positions_intact) continue;
    for (const auto& [stream, position] : positions) {
      const auto before = start->positions.find(stream);
      const uint64_t rows = before == start->positions.end() ? 0 : before->second.sequence;
      const auto [at, is_new] = lost_from_.try_emplace(stream, rows);
      at->second = std::min(at->second, rows);
    }
  }
}

void FileChannel::State::wait_for_room(nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  if (trouble_ == Trouble::disk) timeout = std::min(timeout, kLookAgain);
  room_.wait_for(lock, timeout, [&] {
    if (trouble_ == Trouble::full) return total_bytes_ < options_.capacity_bytes || all_committed();
    return trouble_ == Trouble::none && unsynced_bytes_ <= kUnsyncedMax;
  });
}

std::string FileChannel::State::blocked_by() const {
  const std::lock_guard lock(mutex_);
  return blocked_by_;
}

}  // namespace levada::agent

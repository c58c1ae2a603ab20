// The writing side of a file channel.
#include <algorithm>

#include "agent/channels/file/file_channel_state.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

// What waits for a sync is in memory: beyond this the disk is too slow for its sources.
constexpr uint64_t kUnsyncedMax = 64u << 20;
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
    if (tail_.has(in_flight)) {
      counters_.batches_known.add();
      if (tail_.needs_sync() && options_.sync == Sync::commit) {
        tail_.acknowledge_when_synced(in_flight.acknowledgement);
      } else if (in_flight.acknowledgement) {
        in_flight.acknowledgement->stored();
      }
      return true;
    }
  }
  // After a crash its source would send it again, from a position before it, and cut elsewhere. So
  // it is written together with the part that has the position, and counts together with it.
  if (batch.position.empty()) {
    held_.add(std::move(in_flight));
    return true;
  }
  if (!has_room()) return false;
  if (!write_group(held_.with(in_flight))) return false;
  held_.written(batch.stream);
  return true;
}

bool FileChannel::State::has_room() {
  uint64_t total = 0;
  {
    const std::lock_guard lock(mutex_);
    if (tail_.synced().failed) return false;  // What blocks it is known.
    if (recent_.unsynced_bytes() > kUnsyncedMax) {
      blockage_.mention(mebibytes(recent_.unsynced_bytes()) + " wait for the disk to sync them");
      work_.notify_all();
      return false;
    }
    total = segments_.bytes();
  }
  if (options_.capacity_bytes > 0 && total >= options_.capacity_bytes) {
    replace_delivered();
    const std::lock_guard lock(mutex_);
    if (segments_.bytes() >= options_.capacity_bytes && !all_delivered()) {
      cursors_.add_back_pressure();
      arrival_.notify_all();
      const auto* slowest = cursors_.slowest();
      blockage_.begin(Blockage::Cause::full, "the channel holds " + mebibytes(segments_.bytes()) + " and waits for " +
                                                 (slowest ? slowest->reader : std::string("a reader")));
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
    replaced = all_delivered() && !segments_.empty() && segments_.back().first != tail_.end();
  }
  replaced = replaced && start_segment(tail_.end(), tail_.last_row(), tail_.positions());
  while (reclaim()) {
  }
  return replaced;
}

bool FileChannel::State::all_delivered() const {
  return !tail_.needs_sync() && cursors_.all_have_committed(tail_.end());
}

bool FileChannel::State::disk_has_room() {
  if (space_.rests(now())) return false;
  uint64_t low_water = options_.low_water_bytes;
  {
    const std::lock_guard lock(mutex_);
    if (!space_.due() && blockage_.cause() != Blockage::Cause::disk) return true;
    // Without readers nothing is ever delivered.
    if (!cursors_.empty()) low_water = std::max(low_water, kBeginBytes);
  }
  if (low_water == 0) return true;
  auto bytes = segment_files_.free_bytes();
  if (bytes && *bytes < low_water && replace_delivered()) bytes = segment_files_.free_bytes();
  if (!bytes) return refuse(bytes.error().message);
  if (*bytes < low_water)
    return refuse("the disk of " + options_.folder + " has " + mebibytes(*bytes) + " left, and low_water_bytes is " +
                  mebibytes(options_.low_water_bytes));
  space_.checked(*bytes - low_water);
  return true;
}

// The disk is at fault. Always false.
bool FileChannel::State::refuse(std::string why) {
  space_.rest(now());
  const std::lock_guard lock(mutex_);
  if (blockage_.begin(Blockage::Cause::disk, std::move(why)))
    log_warning(options_.name, blockage_.why() + "; it takes nothing until that is over");
  cursors_.add_back_pressure();
  arrival_.notify_all();
  return false;
}

void FileChannel::State::take_again() {
  if (blockage_.end() == Blockage::Cause::disk) log_info(options_.name, "it takes batches again");
}

bool FileChannel::State::write_group(std::vector<InFlight> group) {
  uint64_t written = active_ ? active_->bytes() : 0;
  if (active_ && (written >= segment_limit_ || !active_->usable())) start_new_ = true;
  if (start_new_) {
    // What a segment says of its sources' positions must not be newer
    // than what is synced before it.
    if (options_.sync != Sync::none && !sync()) return false;
    if (auto done = start_segment(tail_.end(), tail_.last_row(), tail_.positions()); !done) {
      counters_.writes_failed.add();
      return refuse(std::move(done).error().message);
    }
    written = active_->bytes();
  }
  std::vector<RecentBatch> batches;
  LogOffset log_offset = tail_.end();
  for (auto& in_flight : group) {
    const auto rows = static_cast<uint64_t>(in_flight.batch.rows());
    batches.push_back({log_offset, rows, std::move(in_flight), batches.size() + 1 < group.size(), 0, 0});
    log_offset = log_offset.behind(rows);
  }
  auto done = write_records(batches);
  // The disk may be full of rows that are delivered.
  if (!done && replace_delivered()) {
    written = active_->bytes();
    done = write_records(batches);
  }
  if (!done) {
    counters_.writes_failed.add();
    return refuse(std::move(done).error().message);
  }
  space_.written(active_->bytes() - written);
  enter(std::move(batches));
  return true;
}

Done FileChannel::State::start_segment(const LogOffset& first, uint64_t follows_row, const Positions& positions) {
  {
    const std::lock_guard lock(mutex_);
    follows_row = segments_.follows_row(first, follows_row);
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
  active_ = *std::move(created);
  tail_.segment_begun(active_->bytes());
  segments_.add({active_->path(), header.first, follows_row, active_->bytes(), active_->bytes(), header.created_ns});
  start_new_ = false;
  return {};
}

Done FileChannel::State::write_records(std::vector<RecentBatch>& batches) {
  const uint64_t begin = active_->bytes();
  for (auto& batch : batches) {
    RecordHeader header;
    header.flags = batch.continued ? RecordHeader::kContinued : 0;
    header.log_offset = batch.log_offset;
    header.rows = batch.rows;
    {
      const std::lock_guard lock(mutex_);
      header.durable_bytes = tail_.synced().bytes;
      batch.serial = segments_.back().serial;
    }
    header.written_ns = clock_.now(clock_.context);
    auto parts = encoder_->encode(batch.in_flight, header, log_id_);
    auto done = parts ? active_->write(*parts) : Done(std::move(parts).error());
    encoder_->forget();
    if (!done) {
      if (active_->usable() && active_->bytes() != begin) active_->cut(begin);
      return done;
    }
    batch.end_offset = active_->bytes();
  }
  counters_.bytes_written.add(static_cast<int64_t>(active_->bytes() - begin));
  return {};
}

// The records are in the active segment: readers may know.
void FileChannel::State::enter(std::vector<RecentBatch> batches) {
  std::vector<std::shared_ptr<Acknowledgement>> stored;
  {
    const std::lock_guard lock(mutex_);
    count_written_bytes();
    for (auto& batch : batches) {
      tail_.written(batch.in_flight, batch.rows);
      counters_.rows_stored.add(static_cast<int64_t>(batch.rows));
      if (auto acknowledgement = std::move(batch.in_flight.acknowledgement)) {
        if (options_.sync == Sync::commit) {
          tail_.acknowledge_when_synced(std::move(acknowledgement));
        } else {
          stored.push_back(std::move(acknowledgement));
        }
      }
      recent_.add(std::move(batch), options_.sync == Sync::none);
    }
    take_again();
    trim();
  }
  for (const auto& acknowledgement : stored) acknowledgement->stored();
  work_.notify_all();
  if (options_.sync != Sync::commit) arrival_.notify_all();
}

// They stand among the recent ones already, and are in another segment now.
void FileChannel::State::enter_again(std::vector<RecentBatch> batches) {
  {
    const std::lock_guard lock(mutex_);
    count_written_bytes();
    recent_.replace(std::move(batches));
    tail_.repaired();
    take_again();
    trim();
  }
  work_.notify_all();
  if (options_.sync != Sync::commit) arrival_.notify_all();
}

void FileChannel::State::count_written_bytes() { segments_.resize_last(active_->bytes()); }

// After a failed sync nothing that was not synced before can be believed, whatever a later sync
// says: it is written once more, to another segment.
bool FileChannel::State::repair() {
  const std::lock_guard write_lock(write_mutex_);
  if (space_.rests(now())) return false;
  std::vector<RecentBatch> batches;
  LogTail::Synced synced;
  {
    const std::lock_guard lock(mutex_);
    if (!tail_.synced().failed) return true;
    synced = tail_.synced();
    batches = recent_.from(synced.next);
  }
  if (active_) {
    active_->cut(synced.bytes);
    const std::lock_guard lock(mutex_);
    segments_.resize_last(synced.bytes);
    active_.reset();
    start_new_ = true;
  }
  const LogOffset first = batches.front().log_offset;
  auto done = start_segment(first, first.row, synced.positions);
  if (done) done = write_records(batches);
  if (!done) {
    counters_.writes_failed.add();
    return refuse(std::move(done).error().message);
  }
  enter_again(std::move(batches));
  return true;
}

// Batches without rows, with the numbers that each stream has reached: readers see in them which
// rows have not come, though the stream may be quiet from now on.
void FileChannel::State::restate() {
  const std::lock_guard write_lock(write_mutex_);
  if (space_.rests(now())) return;
  Positions positions;
  MissingRows::News news;
  {
    const std::lock_guard lock(mutex_);
    if (tail_.synced().failed) return;
    positions = tail_.positions();
    news = missing_.begin_telling();
  }
  MissingRows::From& lost = news.from;
  find_lost_from(news.segments, positions, lost);
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
    if (const auto from = lost.find(stream); from != lost.end()) group.push_back(empty(from->second, ""));
    group.push_back(empty(position.sequence, position.position));
    written = written && write_group(std::move(group));
  }
  const std::lock_guard lock(mutex_);
  missing_.end_telling(written, lost);
}

// Where each stream stood when the first segment began in which rows are missing.
void FileChannel::State::find_lost_from(const std::set<std::string>& segments, const Positions& positions,
                                        MissingRows::From& lost) const {
  for (const auto& path : segments) {
    const auto start = SegmentReader(files_, path, log_id_, keys_).start(true);
    if (!start || !start->positions_intact) continue;
    for (const auto& [stream, position] : positions) {
      const auto before = start->positions.find(stream);
      const uint64_t rows = before == start->positions.end() ? 0 : before->second.sequence;
      MissingRows::lower(lost, stream, rows);
    }
  }
}

void FileChannel::State::wait_for_room(nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  if (blockage_.cause() == Blockage::Cause::disk) timeout = std::min(timeout, SpaceWatch::kRest);
  room_.wait_for(lock, timeout, [&] {
    const auto cause = blockage_.cause();
    if (cause == Blockage::Cause::full) return segments_.bytes() < options_.capacity_bytes || all_delivered();
    return cause == Blockage::Cause::none && recent_.unsynced_bytes() <= kUnsyncedMax;
  });
}

std::string FileChannel::State::blocked_by() const {
  const std::lock_guard lock(mutex_);
  return blockage_.why();
}

}  // namespace levada::agent

// What the channel's thread does: sync, remove, and save where readers are.
#include <algorithm>

#include "agent/channels/file/file_channel_state.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

constexpr uint64_t kRecentBytes = 16u << 20;   // Kept for readers that keep up.
constexpr uint64_t kUnsyncedSoon = 16u << 20;  // Not to wait for the interval with more than that.
constexpr nanoseconds kSaveEvery = std::chrono::seconds(1);

}  // namespace

void FileChannel::State::run_once() {
  bool failed = false, due = false, restate_due = false;
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    restate_due = restate_ && !cursors_.empty();
    failed = sync_failed_;
    due = needs_sync() && (options_.sync == Sync::commit || unsynced_bytes_ > kUnsyncedSoon ||
                           now() - last_sync_ >= options_.sync_interval);
  }
  if (restate_due) restate();
  if (failed) {
    if (repair()) sync();
  } else if (due) {
    sync();
  }
  while (reclaim()) {
  }
  if (now() - last_save_ >= kSaveEvery) save_cursors(false);
}

bool FileChannel::State::sync() {
  const std::lock_guard sync_lock(sync_mutex_);
  std::shared_ptr<SegmentWriter> segment;
  Place end;
  uint64_t bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    if (sync_failed_) return false;
    if (!needs_sync()) return true;
    segment = active_;
    end = end_;
    bytes = segments_.back().bytes;
  }
  auto done = segment->sync();
  syncs_.add();
  std::unique_lock lock(mutex_);
  last_sync_ = now();
  if (done) {
    durable_bytes_ = bytes;
    advance_durable(end, lock);
    return true;
  }
  syncs_failed_.add();
  sync_failed_ = true;
  if (trouble_ != Trouble::disk) log_warning(options_.name, done.error().message + "; it is written anew");
  trouble_ = Trouble::disk;
  blocked_by_ = done.error().message;
  return false;
}

void FileChannel::State::advance_durable(Place to, std::unique_lock<std::mutex>& lock) {
  for (auto at = std::ranges::lower_bound(recent_, durable_, {}, &Entry::place); at != recent_.end() && at->place < to;
       ++at) {
    unsynced_bytes_ -= at->in_flight.bytes;
    const Batch& batch = at->in_flight.batch;
    if (!batch.position.empty()) durable_positions_[batch.stream] = {batch.stream, batch.position, at->in_flight.end};
  }
  durable_ = durable_end_ = to;
  if (trouble_ == Trouble::none) blocked_by_.clear();
  std::vector<std::shared_ptr<Acknowledgement>> stored;
  while (!acknowledgements_.empty() && acknowledgements_.front().first <= to) {
    stored.push_back(std::move(acknowledgements_.front().second));
    acknowledgements_.pop_front();
  }
  trim();
  lock.unlock();
  arrival_.notify_all();
  room_.notify_all();
  for (const auto& acknowledgement : stored)
    if (acknowledgement) acknowledgement->stored();
}

// Lets go of what is on the disk, and was read by all or does not fit.
void FileChannel::State::trim() {
  while (!recent_.empty() && recent_.front().end() <= durable_) {
    const Place end = recent_.front().end();
    const bool read = std::ranges::all_of(cursors_, [&](const Cursor& cursor) { return cursor.next >= end; });
    if (!read && recent_bytes_ <= kRecentBytes) break;
    recent_bytes_ -= recent_.front().in_flight.bytes;
    recent_.pop_front();
  }
}

// Removes the oldest segment if all have read it; true: it did, and the next one may go, too.
// Gives the segment a second name there, which is left when the channel needs it no more.
Done FileChannel::State::quarantine(const std::string& path) const {
  const std::string folder = options_.folder + "/quarantine";
  LEVADA_TRY(files_.make_folder(folder));
  if (auto linked = files_.link(path, folder + path.substr(path.find_last_of('/'))); !linked)
    return std::move(linked).error();
  return files_.sync_folder(folder);
}

bool FileChannel::State::reclaim() {
  Segment oldest;
  {
    const std::lock_guard lock(mutex_);
    if (segments_.size() < 2 || cursors_.empty()) return false;
    const auto behind = std::ranges::min_element(cursors_, {}, &Cursor::committed);
    if (segments_[1].first > behind->committed) return false;
    oldest = segments_.front();
  }
  Done done;
  if (oldest.damaged) done = quarantine(oldest.path);
  if (done) done = files_.remove(oldest.path);
  if (!done && files_.exists(oldest.path)) return false;  // The next round tries again.
  std::vector<std::shared_ptr<SegmentReader>> unneeded;   // Closed once the lock is gone.
  {
    const std::lock_guard lock(mutex_);
    // Another thread may have been quicker.
    if (segments_.front().serial == oldest.serial) {
      total_bytes_ -= oldest.bytes;
      segments_.erase(segments_.begin());
    }
    for (auto& cursor : cursors_) {
      if (cursor.segment_serial != oldest.serial) continue;
      unneeded.push_back(std::move(cursor.segment));
      cursor.segment_serial = 0;
    }
    if (trouble_ == Trouble::full && total_bytes_ < options_.capacity_bytes) recovered();
  }
  room_.notify_all();
  return true;
}

void FileChannel::State::save_cursors(bool closing) {
  CursorFile file;
  {
    const std::lock_guard lock(mutex_);
    last_save_ = now();
    // Readers that the configuration does not name any more hold nothing back.
    for (const auto& cursor : cursors_) file.readers[cursor.reader] = cursor.committed;
    if (!segments_.empty()) {
      file.segment = segments_.back().first;
      file.durable_bytes = durable_bytes_;
      file.closed = closing && durable_ == end_ && durable_end_ == end_;
    }
    file.durable_end = durable_end_;
    file.sources = durable_positions_;
  }
  auto text = file.text(log_id_, nullptr);
  if (!text || *text == saved_text_) return;
  const auto sealed = keys_.current() ? file.text(log_id_, keys_.current()) : text;
  // Without it readers go by what their sinks committed.
  if (sealed && CursorFile::save(files_, options_.folder, *sealed)) saved_text_ = *std::move(text);
}

}  // namespace levada::agent

// What the channel's thread does: sync, remove, and save where readers are.
#include "agent/channels/file/file_channel_state.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

constexpr uint64_t kUnsyncedSoon = 16u << 20;  // Not to wait for the interval with more than that.
constexpr nanoseconds kSaveEvery = std::chrono::seconds(1);

}  // namespace

void FileChannel::State::run_once() {
  bool failed = false, due = false, restate_due = false;
  {
    const std::lock_guard lock(mutex_);
    if (!open_) return;
    restate_due = missing_.due() && !cursors_.empty();
    failed = tail_.synced().failed;
    due = tail_.needs_sync() && (options_.sync == Sync::commit || recent_.unsynced_bytes() > kUnsyncedSoon ||
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
  const std::lock_guard lock(mutex_);
  show();
}

void FileChannel::State::show() {
  const auto* slowest = cursors_.slowest();
  const auto begin = slowest             ? slowest->committed.row
                     : segments_.empty() ? tail_.end().row
                                         : segments_.front().first.row;
  gauges_.rows_waiting.set(static_cast<int64_t>(tail_.end().row - std::min(begin, tail_.end().row)));
  gauges_.bytes_waiting.set(static_cast<int64_t>(segments_.bytes()));
  gauges_.capacity_bytes.set(static_cast<int64_t>(options_.capacity_bytes));
}

bool FileChannel::State::sync() {
  const std::lock_guard sync_lock(sync_mutex_);
  std::shared_ptr<SegmentWriter> segment;
  LogOffset end;
  uint64_t bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    if (tail_.synced().failed) return false;
    if (!tail_.needs_sync()) return true;
    segment = active_;
    end = tail_.end();
    bytes = segments_.back().bytes;
  }
  auto done = segment->sync();
  counters_.syncs.add();
  std::unique_lock lock(mutex_);
  last_sync_ = now();
  if (done) {
    tail_.segment_synced(bytes);
    advance_synced(end, lock);
    return true;
  }
  counters_.syncs_failed.add();
  tail_.sync_failed();
  if (blockage_.begin(Blockage::Cause::disk, done.error().message))
    log_warning(options_.name, done.error().message + "; it is written anew");
  return false;
}

void FileChannel::State::advance_synced(const LogOffset& to, std::unique_lock<std::mutex>& lock) {
  recent_.synced(tail_.synced().next, to, [&](const RecentBatch& batch) { tail_.position_synced(batch.in_flight); });
  const auto stored = tail_.synced_to(to);
  blockage_.forget_mention();
  trim();
  lock.unlock();
  arrival_.notify_all();
  room_.notify_all();
  for (const auto& acknowledgement : stored)
    if (acknowledgement) acknowledgement->stored();
}

// Lets go of what is on the disk, and was read by all or does not fit.
void FileChannel::State::trim() {
  recent_.trim(tail_.synced().next, [&](const LogOffset& end) { return cursors_.all_have_read(end); });
}

// Removes the oldest segment if all have committed it; true: it did, and the next one may go, too.
bool FileChannel::State::reclaim() {
  Segment oldest;
  {
    const std::lock_guard lock(mutex_);
    if (segments_.size() < 2 || cursors_.empty()) return false;
    if (segments_[1].first > cursors_.slowest()->committed) return false;
    oldest = segments_.front();
  }
  if (!segment_files_.remove(oldest)) return false;      // The next round tries again.
  std::vector<std::shared_ptr<SegmentReader>> unneeded;  // Closed once the lock is gone.
  {
    const std::lock_guard lock(mutex_);
    segments_.remove_oldest(oldest.serial);  // Unless another thread was quicker.
    unneeded = cursors_.let_go(oldest.serial);
    if (blockage_.cause() == Blockage::Cause::full && segments_.bytes() < options_.capacity_bytes) take_again();
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
    file.readers = cursors_.committed();
    const LogTail::Synced& synced = tail_.synced();
    if (!segments_.empty()) {
      file.segment = segments_.back().first;
      file.durable_bytes = synced.bytes;
      file.closed = closing && synced.next == tail_.end() && synced.end == tail_.end();
    }
    file.durable_end = synced.end;
    file.sources = synced.positions;
  }
  auto text = file.text(log_id_, nullptr);
  if (!text || *text == saved_cursors_) return;
  const auto sealed = keys_.current() ? file.text(log_id_, keys_.current()) : text;
  // Without it readers go by what their sinks committed.
  if (sealed && CursorFile::save(files_, options_.folder, *sealed)) saved_cursors_ = *std::move(text);
}

}  // namespace levada::agent

#include "agent/channels/memory_channel.h"

#include <algorithm>

namespace levada::agent {
namespace {

// A source that waits goes on once a reader has less than this before it: not for each batch.
constexpr uint64_t kReadOnBytes = MemoryChannel::kAheadBytes / 2;

}  // namespace

MemoryChannel::MemoryChannel(size_t capacity_bytes, ChannelGauges gauges)
    : capacity_bytes_(capacity_bytes), gauges_(gauges) {
  gauges_.capacity_bytes.set(static_cast<int64_t>(capacity_bytes));
  show();
}

void MemoryChannel::show() const {
  gauges_.rows_waiting.set(rows_);
  gauges_.bytes_waiting.set(static_cast<int64_t>(bytes_));
}

bool MemoryChannel::is_ahead(uint64_t bytes) const {
  return !takes_all_ && !cursors_.empty() &&
         std::ranges::all_of(cursors_, [&](const Cursor& cursor) { return unread(cursor) >= bytes; });
}

bool MemoryChannel::append(InFlight&& in_flight) {
  {
    const std::lock_guard lock(mutex_);
    const std::string& stream = in_flight.batch.stream;
    if (full() && !unfinished_.contains(stream)) {
      ++back_pressures_;
      arrival_.notify_all();
      return false;
    }
    if (!full() && is_ahead(kAheadBytes)) return false;
    if (in_flight.batch.position.empty()) unfinished_.insert(stream);
    else unfinished_.erase(stream);
    bytes_ += in_flight.bytes;
    rows_ += in_flight.batch.rows();
    const auto bytes = in_flight.bytes;
    entries_.push_back({std::move(in_flight), cursors_.size(), appended_bytes_});
    appended_bytes_ += bytes;
    show();
  }
  arrival_.notify_all();
  return true;
}

void MemoryChannel::wait_for_room(nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  room_.wait_for(lock, timeout, [&] { return !full() && !is_ahead(kReadOnBytes); });
}

std::string MemoryChannel::blocked_by() const {
  {
    const std::lock_guard lock(mutex_);
    if (!full() && !is_ahead(kAheadBytes)) return {};
  }
  return holder();
}

std::string MemoryChannel::holder() const {
  const std::lock_guard lock(mutex_);
  if (entries_.empty()) return {};
  std::string slowest;
  for (const auto& cursor : cursors_)
    if (cursor.committed == first_) slowest += (slowest.empty() ? "" : ", ") + cursor.reader;
  return "the channel holds " + std::to_string(bytes_ >> 10) + " KiB and waits for " + slowest;
}

void MemoryChannel::close() {
  {
    const std::lock_guard lock(mutex_);
    --writers_;
  }
  arrival_.notify_all();
}

void MemoryChannel::add_writer() {
  const std::lock_guard lock(mutex_);
  ++writers_;
}

size_t MemoryChannel::add_cursor(const std::string& reader) {
  const std::lock_guard lock(mutex_);
  cursors_.push_back({reader});
  return cursors_.size() - 1;
}

std::optional<InFlight> MemoryChannel::read(size_t cursor, nanoseconds timeout) {
  std::unique_lock lock(mutex_);
  auto& mine = cursors_[cursor];
  arrival_.wait_for(lock, timeout, [&] { return mine.next < end() || closed() || back_pressures_ != mine.woken; });
  if (mine.next == end()) {
    mine.woken = back_pressures_;
    return std::nullopt;
  }
  const bool was_enough = unread(mine) >= kReadOnBytes;
  std::optional<InFlight> next = entries_[mine.next++ - first_].in_flight;
  if (was_enough && unread(mine) < kReadOnBytes) room_.notify_all();
  return next;
}

void MemoryChannel::commit(size_t cursor) {
  std::vector<InFlight> finished;  // Their memory goes back, and their sources hear of it, outside the lock.
  {
    const std::lock_guard lock(mutex_);
    auto& mine = cursors_[cursor];
    for (; mine.committed < mine.next; ++mine.committed) --entries_[mine.committed - first_].readers;
    for (; !entries_.empty() && entries_.front().readers == 0; ++first_) {
      bytes_ -= entries_.front().in_flight.bytes;
      rows_ -= entries_.front().in_flight.batch.rows();
      finished.push_back(std::move(entries_.front().in_flight));
      entries_.pop_front();
    }
    mine.back_pressures_committed = back_pressures_;
    show();
  }
  room_.notify_all();
  for (const auto& in_flight : finished) in_flight.acknowledgement->stored();
}

void MemoryChannel::rewind(size_t cursor) {
  const std::lock_guard lock(mutex_);
  cursors_[cursor].next = cursors_[cursor].committed;
}

bool MemoryChannel::ended(size_t cursor) const {
  const std::lock_guard lock(mutex_);
  return closed() && cursors_[cursor].next == end();
}

bool MemoryChannel::under_back_pressure(size_t cursor) const {
  const std::lock_guard lock(mutex_);
  return cursors_[cursor].back_pressures_committed != back_pressures_;
}

void MemoryChannel::apply_back_pressure() {
  {
    const std::lock_guard lock(mutex_);
    ++back_pressures_;
  }
  arrival_.notify_all();
}

}  // namespace levada::agent

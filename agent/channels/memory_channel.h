// A channel in memory, bounded by bytes. What it holds is lost in a
// crash; the sources read it again.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "agent/channels/channel.h"
#include "agent/channels/channel_gauges.h"

namespace levada::agent {

class MemoryChannel final : public Channel {
 public:
  // Full once the batches in it hold that many bytes; a single batch may
  // go over, and the parts of one.
  explicit MemoryChannel(size_t capacity_bytes, ChannelGauges gauges = {});

  // Unless it is to take all that fits, it takes no more while each reader has so much before it
  // that it has not read: what a source reads later is still there, and memory is used again while
  // it is warm.
  static constexpr uint64_t kAheadBytes = 8u << 20;

  void add_writer() override;
  size_t add_cursor(const std::string& reader) override;
  void take_all_that_fits() override { takes_all_ = true; }
  bool append(InFlight&& in_flight) override;
  void wait_for_room(nanoseconds timeout) override;
  std::string blocked_by() const override;
  std::string holder() const override;
  void close() override;
  // Sources go back to what its sink has stored: nothing is to be done here.
  void resume(size_t, const Positions&) override {}
  std::optional<InFlight> read(size_t cursor, nanoseconds timeout) override;
  void commit(size_t cursor) override;
  void rewind(size_t cursor) override;
  bool ended(size_t cursor) const override;
  bool under_back_pressure(size_t cursor) const override;
  void apply_back_pressure() override;

 private:
  struct Entry {
    InFlight in_flight;
    size_t readers;  // Cursors that have not committed it.
    uint64_t begin;  // Bytes that came before it.
  };
  struct Cursor {
    std::string reader;
    size_t next = 0, committed = 0;  // Numbers of batches, counted from the channel's first.
    size_t woken = 0,
           back_pressures_committed = 0;  // Presses that it has been woken for, and those before its last commit.
  };

  size_t end() const { return first_ + entries_.size(); }
  bool closed() const { return writers_ == 0; }
  bool full() const { return bytes_ >= capacity_bytes_; }
  bool is_ahead(uint64_t bytes) const;
  uint64_t unread(const Cursor& cursor) const {
    return cursor.next == end() ? 0 : appended_bytes_ - entries_[cursor.next - first_].begin;
  }

  void show() const;  // Under mutex_.

  const size_t capacity_bytes_;
  bool takes_all_ = false;
  const ChannelGauges gauges_;
  mutable std::mutex mutex_;
  std::condition_variable room_, arrival_;
  std::deque<Entry> entries_;
  size_t first_ = 0;  // Number of entries_.front().
  size_t bytes_ = 0;
  uint64_t appended_bytes_ = 0;  // Since it was made.
  int64_t rows_ = 0;
  std::vector<Cursor> cursors_;
  std::set<std::string> unfinished_;  // Streams of which the last part of a batch, that with the position, is to come.
  size_t back_pressures_ = 0, writers_ = 0;
};

}  // namespace levada::agent

// Sources that send again what a channel did not take over, and sinks that go on where they
// committed: whatever happens to the disk between, each row must come once, and in order.
#pragma once

#include <gtest/gtest.h>

#include <deque>

#include "agent/channels/file/test_support.h"

namespace levada::agent::testing {

class FailingSource {
 public:
  FailingSource(std::string stream, uint64_t total) : stream_(std::move(stream)), total_(total) {}

  // Goes on from where the channel says it stands.
  void start(const Positions& positions) {
    waiting_.clear();
    unstored_.clear();
    const auto mine = positions.find(stream_);
    next_ = mine == positions.end() ? 0 : mine->second.sequence;
    ASSERT_TRUE(mine == positions.end() || mine->second.position == "at " + std::to_string(next_));
    ASSERT_GE(next_, stored_) << stream_ << ": rows that the channel had taken over are gone";
  }
  // The next `rows` rows, the first `cut` of them as a part without position.
  void produce(uint64_t rows, uint64_t cut) {
    rows = std::min(rows, total_ - next_);
    cut = std::min(cut, rows);
    if (cut > 0 && cut < rows) waiting_.push_back(rows_of(stream_, next_, next_ + cut, false));
    waiting_.push_back(rows_of(stream_, next_ + (cut < rows ? cut : 0), next_ + rows));
    next_ += rows;
  }
  void send(FileChannel& channel) {
    while (!waiting_.empty() && channel.append(InFlight(waiting_.front()))) {
      unstored_.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    for (; !unstored_.empty() && unstored_.front().acknowledgement->complete(); unstored_.pop_front())
      if (!unstored_.front().batch.position.empty()) stored_ = unstored_.front().end;
  }
  bool idle() const { return waiting_.empty(); }
  bool through() const { return stored_ == total_; }
  const std::string& stream() const { return stream_; }
  uint64_t total() const { return total_; }

 private:
  const std::string stream_;
  const uint64_t total_;
  uint64_t next_ = 0, stored_ = 0;
  std::deque<InFlight> waiting_, unstored_;
};

class FailingSink {
 public:
  explicit FailingSink(std::string name) : name_(std::move(name)) {}

  void add_to(FileChannel& channel) { cursor_ = channel.add_cursor(name_); }
  void resume(FileChannel& channel) {
    seen_ = committed_;
    reached_ = checkpoint_;
    channel.resume(cursor_, checkpoint_);
  }
  bool read(FileChannel& channel) {
    const auto in_flight = channel.read(cursor_, nanoseconds{0});
    if (!in_flight) return false;
    EXPECT_EQ(in_flight->stream, "channels.main");
    EXPECT_EQ(in_flight->account.stream, in_flight->batch.stream);
    EXPECT_EQ(in_flight->end, in_flight->batch.sequence + static_cast<uint64_t>(in_flight->batch.rows()));
    uint64_t& next = seen_[in_flight->batch.stream];
    for (const auto& body : bodies(in_flight)) EXPECT_EQ(body, row_text(in_flight->batch.stream, next++)) << name_;
    reached_ = committed_at(*in_flight);
    return true;
  }
  void commit(FileChannel& channel) {
    if (!reached_.empty()) checkpoint_ = reached_;
    committed_ = seen_;
    channel.commit(cursor_);
  }
  void rewind(FileChannel& channel) {
    seen_ = committed_;
    reached_ = checkpoint_;
    channel.rewind(cursor_);
  }
  uint64_t committed(const std::string& stream) const {
    const auto found = committed_.find(stream);
    return found == committed_.end() ? 0 : found->second;
  }

 private:
  const std::string name_;
  size_t cursor_ = 0;
  std::map<std::string, uint64_t> seen_, committed_;  // Rows of each stream.
  Positions reached_, checkpoint_;
};

class FaultInjection {
 public:
  FaultInjection(ChannelTestBench& made_bench, uint64_t rows)
      : bench(made_bench), sources{{"clicks", rows}, {"clicks/2", rows}, {"orders", rows / 2}} {}

  // Opens the channel that is on the disk; it may fail now and then, but not for ever.
  void start() {
    channel = bench.make();
    for (size_t at = 0; at < sources.size(); ++at) channel->add_writer();
    for (auto& sink : sinks) sink.add_to(*channel);
    Done opened = levada::idle();
    for (int attempt = 0; attempt < 20 && !opened; ++attempt) {
      if (attempt == 10) bench.files.set_free_bytes(10'000'000);
      opened = channel->open();
      if (down()) return;
    }
    ASSERT_TRUE(opened) << opened.error().message;
    const auto positions = channel->positions();
    for (auto& source : sources) source.start(positions);
    for (auto& sink : sinks) sink.resume(*channel);
  }
  // The process is gone, and with the power all that was not synced.
  void crash(testkit::Lose lose) {
    bench.files.crash_at(1);
    channel.reset();
    bench.files.crash(lose);
    crash_call = 0;
    start();
  }
  // A crash that was set for some call has come.
  bool down() const { return crash_call > 0 && bench.files.calls() >= crash_call; }

  bool through() const {
    for (const auto& source : sources) {
      if (!source.through()) return false;
      for (const auto& sink : sinks)
        if (sink.committed(source.stream()) != source.total()) return false;
    }
    return true;
  }

  ChannelTestBench& bench;
  std::vector<FailingSource> sources;
  std::vector<FailingSink> sinks{FailingSink("sinks.one"), FailingSink("sinks.two")};
  std::unique_ptr<FileChannel> channel;
  int64_t crash_call = 0;
};

}  // namespace levada::agent::testing

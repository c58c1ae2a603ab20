// What a file channel promises to its sources and sinks on a disk that works.
#include <gtest/gtest.h>

#include <cerrno>
#include <thread>

#include "agent/channels/file/test_support.h"

namespace levada::agent {
namespace {

using namespace testing;
using Sync = FileChannelOptions::Sync;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr nanoseconds kNow{0};

class FileChannelTest : public ::testing::Test {
 protected:
  // A channel with one writer and these readers, open.
  void start(const std::vector<std::string>& readers = {"sinks.one"}) {
    channel.reset();
    channel = bench.make();
    channel->add_writer();
    for (const auto& reader : readers) channel->add_cursor(reader);
    const auto opened = channel->open();
    ASSERT_TRUE(opened) << opened.error().message;
  }
  bool append(InFlight in_flight) { return channel->append(std::move(in_flight)); }
  void store(const std::string& stream, uint64_t first, uint64_t end) {
    ASSERT_TRUE(append(rows_of(stream, first, end)));
    channel->run_once();
  }

  ChannelTestBench bench;
  std::unique_ptr<FileChannel> channel;
};

TEST_F(FileChannelTest, gives_rows_with_the_channels_own_position_and_the_sources_stream) {
  start();
  store("clicks/1", 0, 3);
  store("orders", 0, 2);
  const auto first = channel->read(0, kNow), second = channel->read(0, kNow);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(bodies(first), expected("clicks/1", 0, 3));
  EXPECT_EQ(first->stream, "channels.main");
  EXPECT_EQ(first->batch.stream, "clicks/1");
  EXPECT_EQ(first->batch.sequence, 0u);
  EXPECT_EQ(first->end, 3u);
  EXPECT_EQ(first->account.stream, "clicks/1");
  EXPECT_EQ(first->account.end, 3u);
  EXPECT_TRUE(first->batch.position.ends_with(":3"));
  EXPECT_EQ(second->batch.sequence, 3u);
  EXPECT_EQ(second->end, 5u);
  EXPECT_FALSE(channel->read(0, kNow));
}

TEST_F(FileChannelTest, shows_and_acknowledges_rows_only_once_they_are_synced) {
  start();
  const auto sent = rows_of("clicks", 0, 3);
  ASSERT_TRUE(append(sent));
  EXPECT_FALSE(sent.acknowledgement->complete());
  EXPECT_FALSE(channel->read(0, kNow));
  channel->run_once();
  EXPECT_TRUE(sent.acknowledgement->complete());
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 3));
}

TEST_F(FileChannelTest, syncs_at_intervals_and_shows_rows_at_once_where_it_is_told_to) {
  bench.options.sync = Sync::interval;
  bench.options.sync_interval = seconds(2);
  start();
  const auto sent = rows_of("clicks", 0, 3);
  ASSERT_TRUE(append(sent));
  EXPECT_TRUE(sent.acknowledgement->complete());
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 3));
  channel->run_once();
  EXPECT_EQ(bench.count("syncs"), 0);
  bench.clock.advance(seconds(2));
  channel->run_once();
  EXPECT_EQ(bench.count("syncs"), 1);
}

TEST_F(FileChannelTest, never_syncs_where_it_is_told_not_to) {
  bench.options.sync = Sync::none;
  start();
  store("clicks", 0, 3);
  bench.clock.advance(seconds(100));
  channel->run_once();
  EXPECT_EQ(bench.count("syncs"), 0);
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 3));
}

TEST_F(FileChannelTest, tells_after_a_restart_how_far_each_source_got_and_goes_on) {
  start();
  store("clicks/1", 0, 3);
  store("orders", 0, 2);
  start();
  const Positions positions = channel->positions();
  EXPECT_EQ(positions.size(), 2u);
  EXPECT_EQ(positions.at("clicks/1"), (Position{"clicks/1", "at 3", 3}));
  EXPECT_EQ(positions.at("orders"), (Position{"orders", "at 2", 2}));
  store("orders", 2, 4);
  auto all = expected("clicks/1", 0, 3);
  for (const auto& row : expected("orders", 0, 4)) all.push_back(row);
  EXPECT_EQ(drain(*channel, 0), all);
  start();
  EXPECT_EQ(channel->positions().at("orders").sequence, 4u);
}

TEST_F(FileChannelTest, keeps_positions_when_the_segment_that_holds_it_is_gone) {
  bench.options.segment_bytes = 2000;
  start();
  store("orders", 0, 2);
  for (uint64_t row = 0; row < 200; row += 10) store("clicks", row, row + 10);
  drain(*channel, 0);
  channel->commit(0);
  channel->run_once();
  EXPECT_EQ(bench.segments().size(), 1u);
  start();
  EXPECT_EQ(channel->positions().at("orders").sequence, 2u);
  EXPECT_EQ(channel->positions().at("clicks").sequence, 200u);
}

TEST_F(FileChannelTest, takes_rows_that_it_has_as_stored) {
  start();
  store("clicks", 0, 3);
  const auto again = rows_of("clicks", 0, 3), unsynced = rows_of("clicks", 3, 5), copy = rows_of("clicks", 3, 5);
  EXPECT_TRUE(append(again));
  EXPECT_TRUE(again.acknowledgement->complete());
  EXPECT_TRUE(append(unsynced));
  EXPECT_TRUE(append(copy));
  EXPECT_FALSE(copy.acknowledgement->complete());
  channel->run_once();
  EXPECT_TRUE(copy.acknowledgement->complete());
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 5));
  EXPECT_EQ(bench.count("batches_known"), 2);
}

TEST_F(FileChannelTest, holds_a_part_of_a_batch_back_until_the_one_with_the_position_comes) {
  start();
  const auto part = rows_of("clicks", 0, 2, false), rest = rows_of("clicks", 2, 5);
  ASSERT_TRUE(append(part));
  ASSERT_TRUE(append(rows_of("orders", 0, 1)));
  channel->run_once();
  EXPECT_FALSE(part.acknowledgement->complete());
  EXPECT_EQ(drain(*channel, 0), expected("orders", 0, 1));
  ASSERT_TRUE(append(rest));
  channel->run_once();
  EXPECT_TRUE(part.acknowledgement->complete());
  EXPECT_TRUE(rest.acknowledgement->complete());
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 5));
}

TEST_F(FileChannelTest, has_places_for_batches_without_rows_and_gives_each_once) {
  start();
  for (int at = 0; at < 3; ++at) store("clicks", 0, 0);
  store("clicks", 0, 2);
  store("clicks", 2, 2);
  for (int at = 0; at < 2; ++at) EXPECT_TRUE(channel->read(0, kNow));
  const auto third = channel->read(0, kNow);
  ASSERT_TRUE(third);
  EXPECT_TRUE(third->batch.position.ends_with(":0+3"));
  const auto checkpoint = committed_at(*third);
  start();
  channel->resume(0, checkpoint);
  EXPECT_EQ(bodies(channel->read(0, kNow)), expected("clicks", 0, 2));
  EXPECT_TRUE(channel->read(0, kNow));
  EXPECT_FALSE(channel->read(0, kNow));
}

TEST_F(FileChannelTest, goes_on_for_each_reader_where_its_sink_committed) {
  start({"sinks.one", "sinks.two"});
  for (uint64_t row = 0; row < 30; row += 3) store("clicks", row, row + 3);
  channel->read(0, kNow);
  const auto second = channel->read(0, kNow);
  ASSERT_TRUE(second);
  start({"sinks.one", "sinks.two"});
  channel->resume(0, committed_at(*second));
  channel->resume(1, {});
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 6, 30));
  EXPECT_EQ(drain(*channel, 1), expected("clicks", 0, 30));
}

TEST_F(FileChannelTest, goes_on_where_the_cursor_was_saved_for_a_sink_that_keeps_nothing) {
  start();
  for (uint64_t row = 0; row < 9; row += 3) store("clicks", row, row + 3);
  channel->read(0, kNow);
  channel->commit(0);
  start();
  channel->resume(0, {});
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 3, 9));
}

TEST_F(FileChannelTest, never_gives_numbers_again_that_a_sink_has_seen) {
  start();
  channel->resume(0, {{"channels.main", {"channels.main", "00000000000000aa:500", 500}}});
  store("clicks", 0, 3);
  const auto read = channel->read(0, kNow);
  ASSERT_TRUE(read);
  EXPECT_EQ(bodies(read), expected("clicks", 0, 3));
  EXPECT_EQ(read->batch.sequence, 500u);
  // It was a jump, and no loss.
  start();
  channel->resume(0, {});
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 3));
  EXPECT_EQ(bench.count("rows_missing"), 0);
}

TEST_F(FileChannelTest, knows_a_jump_of_numbers_from_a_loss_after_a_sync_that_failed) {
  start();
  store("clicks", 0, 3);
  channel->resume(0, {{"channels.main", {"channels.main", "00000000000000aa:500", 500}}});
  ASSERT_TRUE(append(rows_of("clicks", 3, 6)));
  bench.files.fail_call(1, EIO);
  channel->run_once();
  channel->run_once();
  channel->apply_back_pressure();
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 6));
  EXPECT_EQ(bench.count("rows_missing"), 0);
}

TEST_F(FileChannelTest, leaves_numbers_out_after_a_power_cut_that_may_have_taken_rows_from_readers) {
  bench.options.sync = Sync::interval;
  start();
  store("clicks", 0, 3);
  bench.clock.advance(seconds(5));
  channel->run_once();
  store("clicks", 3, 9);
  Positions checkpoint;
  while (const auto read = channel->read(0, kNow)) checkpoint = committed_at(*read);
  bench.files.crash_at(1);
  channel.reset();
  bench.files.crash();
  start();
  EXPECT_EQ(channel->positions().at("clicks").sequence, 3u);
  store("clicks", 3, 4);
  channel->resume(0, checkpoint);
  const auto read = channel->read(0, kNow);
  ASSERT_TRUE(read);
  EXPECT_GT(read->batch.sequence, 9u);
  EXPECT_EQ(bodies(read), expected("clicks", 3, 4));
  EXPECT_EQ(bench.count("rows_missing"), 0);
}

TEST_F(FileChannelTest, goes_back_to_the_last_commit_from_memory_and_from_disk) {
  start();
  for (uint64_t row = 0; row < 12; row += 3) store("clicks", row, row + 3);
  channel->read(0, kNow);
  channel->commit(0);
  for (const bool under_back_pressure : {false, true}) {
    EXPECT_EQ(drain(*channel, 0), expected("clicks", 3, 12));
    channel->rewind(0);
    if (under_back_pressure) channel->apply_back_pressure();
  }
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 3, 12));
}

TEST_F(FileChannelTest, removes_segments_that_all_have_read_and_a_stopped_reader_stops_nobody_else) {
  bench.options.segment_bytes = 2000;
  start({"sinks.fast", "sinks.stopped"});
  for (uint64_t row = 0; row < 300; row += 10) store("clicks", row, row + 10);
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 300));
  channel->commit(0);
  channel->run_once();
  const size_t waiting = bench.segments().size();
  EXPECT_GT(waiting, 5u);
  EXPECT_EQ(drain(*channel, 1), expected("clicks", 0, 300));
  channel->commit(1);
  channel->run_once();
  EXPECT_EQ(bench.segments().size(), 1u);
}

TEST_F(FileChannelTest, takes_nothing_beyond_its_capacity_until_readers_have_made_room) {
  bench.options.capacity_bytes = 20'000;
  start();
  uint64_t row = 0;
  while (append(rows_of("clicks", row, row + 10))) {
    row += 10;
    channel->run_once();
    ASSERT_LT(row, 1000u);
  }
  EXPECT_NE(channel->blocked_by().find("waits for sinks.one"), std::string::npos);
  EXPECT_TRUE(channel->under_back_pressure(0));
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, row));
  channel->commit(0);
  EXPECT_FALSE(channel->under_back_pressure(0));
  channel->run_once();
  EXPECT_TRUE(append(rows_of("clicks", row, row + 10)));
  EXPECT_EQ(channel->blocked_by(), "");
}

TEST_F(FileChannelTest, takes_a_batch_that_is_larger_than_its_capacity_once_all_is_read) {
  bench.options.capacity_bytes = 1000;
  start();
  store("clicks", 0, 100);
  EXPECT_FALSE(append(rows_of("clicks", 100, 200)));
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 100));
  channel->commit(0);
  store("clicks", 100, 200);
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 100, 200));
}

TEST_F(FileChannelTest, waits_while_the_disk_is_full_and_goes_on_by_itself) {
  bench.options.low_water_bytes = 100'000;
  bench.files.set_free_bytes(150'000);
  start();
  uint64_t row = 0;
  while (append(rows_of("clicks", row, row + 50))) {
    row += 50;
    channel->run_once();
    ASSERT_LT(row, 5000u);
  }
  EXPECT_NE(channel->blocked_by().find("low_water_bytes"), std::string::npos);
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, row));
  bench.files.set_free_bytes(1'000'000);
  EXPECT_FALSE(append(rows_of("clicks", row, row + 50))) << "free bytes are asked for at most each 100 ms";
  bench.clock.advance(milliseconds(100));
  EXPECT_TRUE(append(rows_of("clicks", row, row + 50)));
  EXPECT_EQ(channel->blocked_by(), "");
}

TEST_F(FileChannelTest, gives_the_disk_back_what_is_delivered_when_room_is_short) {
  for (const uint64_t low_water : {100'000, 0}) {
    for (const bool restarted : {false, true}) {
      SCOPED_TRACE("low water " + std::to_string(low_water) + (restarted ? ", after a restart" : ""));
      bench.options.folder = kFolder + std::to_string(low_water) + (restarted ? "again" : "");
      bench.options.low_water_bytes = low_water;
      bench.files.set_free_bytes(low_water + 300'000);
      start();
      uint64_t row = 0;
      for (int round = 0; round < 3; ++round) {
        const uint64_t before = row;
        while (append(rows_of("clicks", row, row + 50))) {
          row += 50;
          channel->run_once();
          ASSERT_LT(row - before, 10'000u);
        }
        EXPECT_GT(row, before);
        EXPECT_EQ(drain(*channel, 0), expected("clicks", before, row));
        channel->commit(0);
        if (restarted) start();
        bench.clock.advance(milliseconds(100));
      }
    }
  }
}

TEST_F(FileChannelTest, gives_the_disk_nothing_back_that_a_reader_has_still_to_deliver) {
  bench.options.low_water_bytes = 100'000;
  bench.files.set_free_bytes(200'000);
  start({"sinks.fast", "sinks.stopped"});
  uint64_t row = 0;
  while (append(rows_of("clicks", row, row + 50))) {
    row += 50;
    channel->run_once();
    ASSERT_LT(row, 5000u);
  }
  drain(*channel, 0);
  channel->commit(0);
  bench.clock.advance(milliseconds(100));
  EXPECT_FALSE(append(rows_of("clicks", row, row + 50)));
  EXPECT_EQ(drain(*channel, 1), expected("clicks", 0, row));
}

TEST_F(FileChannelTest, holds_no_file_open_that_it_has_removed) {
  bench.options.capacity_bytes = 20'000;
  start();
  store("clicks", 0, 500);
  channel->apply_back_pressure();
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 500)) << "from the disk";
  channel->commit(0);
  store("clicks", 500, 501);
  channel->run_once();
  EXPECT_EQ(bench.segments().size(), 1u);
  EXPECT_EQ(bench.files.open_handles(), 1) << "the segment that is written to";
}

TEST_F(FileChannelTest, takes_back_what_a_full_disk_let_it_write_in_part) {
  start();
  store("clicks", 0, 10);
  const auto before = bench.files.read_file(std::string(kFolder) + "/" + bench.segments()[0]);
  bench.files.set_free_bytes(500);
  EXPECT_FALSE(append(rows_of("clicks", 10, 100)));
  EXPECT_NE(channel->blocked_by().find("No space left"), std::string::npos);
  EXPECT_EQ(bench.files.read_file(std::string(kFolder) + "/" + bench.segments()[0]), before);
  bench.files.set_free_bytes(1'000'000);
  bench.clock.advance(milliseconds(100));
  store("clicks", 10, 100);
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 100));
}

TEST_F(FileChannelTest, believes_nothing_of_a_failed_sync_and_writes_it_to_another_segment) {
  start();
  store("clicks", 0, 3);
  const auto synced = bench.files.read_file(std::string(kFolder) + "/" + bench.segments()[0]);
  const auto sent = rows_of("clicks", 3, 5);
  ASSERT_TRUE(append(sent));
  bench.files.fail_call(1, EIO);
  channel->run_once();
  EXPECT_FALSE(sent.acknowledgement->complete());
  EXPECT_NE(channel->blocked_by().find("sync"), std::string::npos);
  EXPECT_FALSE(append(rows_of("clicks", 5, 6)));
  channel->run_once();
  EXPECT_TRUE(sent.acknowledgement->complete());
  EXPECT_EQ(channel->blocked_by(), "");
  ASSERT_EQ(bench.segments().size(), 2u);
  EXPECT_EQ(bench.files.read_file(std::string(kFolder) + "/" + bench.segments()[0]), synced);
  store("clicks", 5, 6);
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 6));
}

TEST_F(FileChannelTest, ends_for_a_reader_that_has_read_all_after_the_last_source_closed) {
  start();
  ASSERT_TRUE(append(rows_of("clicks", 0, 3)));
  channel->close();
  EXPECT_FALSE(channel->ended(0)) << "the rows are not synced yet";
  channel->run_once();
  EXPECT_FALSE(channel->ended(0));
  drain(*channel, 0);
  EXPECT_TRUE(channel->ended(0));
}

TEST_F(FileChannelTest, keeps_no_batches_in_memory_that_all_have_read_or_that_it_is_asked_to_give_up) {
  start();
  const size_t before = bench.memory.in_use();
  store("clicks", 0, 1000);
  EXPECT_GT(bench.memory.in_use(), before + 16'000);
  channel->apply_back_pressure();
  EXPECT_LT(bench.memory.in_use(), before + 1000);
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 0, 1000));
  store("clicks", 1000, 2000);
  EXPECT_EQ(drain(*channel, 0), expected("clicks", 1000, 2000));
  EXPECT_LT(bench.memory.in_use(), before + 1000);
}

TEST_F(FileChannelTest, moves_rows_with_a_thread_of_its_own) {
  channel = std::make_unique<FileChannel>(bench.options, bench.services);
  channel->add_writer();
  channel->add_cursor("sinks.one");
  ASSERT_TRUE(channel->open());
  std::thread source([&] {
    for (uint64_t row = 0; row < 2000; row += 5)
      while (!channel->append(rows_of("clicks", row, row + 5))) channel->wait_for_room(milliseconds(10));
    channel->close();
  });
  std::vector<std::string> all;
  const auto deadline = std::chrono::steady_clock::now() + seconds(60);
  while (!channel->ended(0) && std::chrono::steady_clock::now() < deadline) {
    for (auto& body : bodies(channel->read(0, milliseconds(100))))
      if (body != "<none>") all.push_back(std::move(body));
    channel->commit(0);
  }
  source.join();
  EXPECT_EQ(all, expected("clicks", 0, 2000));
}

}  // namespace
}  // namespace levada::agent

// The end of the log: numbers, what a sync makes of them, and who is told.
#include "agent/channels/file/log_tail.h"

#include <gtest/gtest.h>

#include "agent/channels/file/test_support.h"

namespace levada::agent {
namespace {

using namespace testing;

class LogTailTest : public ::testing::Test {
 protected:
  std::shared_ptr<Acknowledgement> write(uint64_t first, uint64_t end) {
    auto in_flight = rows_of("clicks", first, end);
    tail.written(in_flight, end - first);
    tail.acknowledge_when_synced(in_flight.acknowledgement);
    return in_flight.acknowledgement;
  }

  ChannelTestBench bench;
  LogTail tail{true};
};

TEST_F(LogTailTest, knows_the_rows_that_it_has) {
  EXPECT_FALSE(tail.has(rows_of("clicks", 0, 10)));
  write(0, 10);
  EXPECT_TRUE(tail.has(rows_of("clicks", 0, 10)));
  EXPECT_TRUE(tail.has(rows_of("clicks", 4, 8)));
  EXPECT_FALSE(tail.has(rows_of("clicks", 5, 11)));
  EXPECT_FALSE(tail.has(rows_of("orders", 0, 10))) << "another stream";
  EXPECT_FALSE(tail.has(rows_of("clicks", 10, 10))) << "a batch without rows has a position to be kept";
}

TEST_F(LogTailTest, is_synced_as_far_as_the_last_sync_went) {
  EXPECT_FALSE(tail.needs_sync());
  const auto one = write(0, 10);
  const LogOffset first = tail.end();
  const auto two = write(10, 15);
  EXPECT_TRUE(tail.needs_sync());
  EXPECT_EQ(tail.synced().next, LogOffset{});
  const auto stored = tail.synced_to(first);
  ASSERT_EQ(stored.size(), 1u);
  EXPECT_EQ(stored[0], one);
  EXPECT_TRUE(tail.needs_sync());
  EXPECT_EQ(tail.synced_to(tail.end()).size(), 1u);
  EXPECT_FALSE(tail.needs_sync());
  EXPECT_EQ(tail.synced().end, (LogOffset{15, 0}));
}

TEST_F(LogTailTest, believes_what_is_written_where_nothing_is_synced) {
  LogTail unsynced(false);
  unsynced.written(rows_of("clicks", 0, 10), 10);
  EXPECT_FALSE(unsynced.needs_sync());
  EXPECT_EQ(unsynced.synced().next, (LogOffset{10, 0}));
  unsynced.segment_begun(4096);
  EXPECT_EQ(unsynced.synced().bytes, 0u) << "no byte is known to be on the disk";
}

TEST_F(LogTailTest, keeps_the_positions_of_the_sources_apart_from_the_synced_ones) {
  const auto in_flight = rows_of("clicks", 0, 10);
  tail.written(in_flight, 10);
  EXPECT_EQ(tail.positions().at("clicks").sequence, 10u);
  EXPECT_TRUE(tail.synced().positions.empty());
  tail.position_synced(in_flight);
  EXPECT_EQ(tail.synced().positions.at("clicks").position, "at 10");
}

TEST_F(LogTailTest, a_part_of_a_batch_moves_no_position) {
  tail.written(rows_of("clicks", 0, 4, false), 4);
  EXPECT_EQ(tail.end(), (LogOffset{4, 0}));
  EXPECT_TRUE(tail.positions().empty());
}

TEST_F(LogTailTest, who_has_read_the_last_record_goes_on_behind_numbers_that_were_left_out) {
  write(0, 10);
  tail.synced_to(tail.end());
  tail.skip_to({1000, 0});
  EXPECT_EQ(tail.end(), (LogOffset{1000, 0}));
  EXPECT_EQ(tail.last_row(), 10u);
  EXPECT_EQ(tail.behind_gap({10, 0}), (LogOffset{1000, 0}));
  EXPECT_EQ(tail.behind_gap({9, 0}), (LogOffset{9, 0}));
  EXPECT_EQ(tail.behind_gap({2000, 0}), (LogOffset{1000, 0})) << "nothing lies behind the end";
  write(10, 12);
  EXPECT_EQ(tail.behind_gap({10, 0}), (LogOffset{10, 0})) << "what is not synced may be read there";
}

TEST_F(LogTailTest, goes_on_where_a_start_says) {
  RecoveredLog log;
  log.segments.resize(2);
  log.segments.back().bytes = 4096;
  log.end = {20, 0};
  log.next = {500, 0};
  log.positions["clicks"] = {"clicks", "at 20", 20};
  tail.recovered(log);
  EXPECT_EQ(tail.end(), log.next);
  EXPECT_EQ(tail.last_row(), 20u);
  EXPECT_EQ(tail.synced().end, log.end);
  EXPECT_EQ(tail.synced().bytes, 4096u);
  EXPECT_EQ(tail.synced().positions.at("clicks").sequence, 20u);
  EXPECT_FALSE(tail.needs_sync());
}

TEST_F(LogTailTest, a_failed_sync_is_over_once_the_rows_are_written_anew) {
  write(0, 10);
  tail.sync_failed();
  EXPECT_TRUE(tail.synced().failed);
  tail.repaired();
  EXPECT_FALSE(tail.synced().failed);
  EXPECT_TRUE(tail.needs_sync());
}

}  // namespace
}  // namespace levada::agent

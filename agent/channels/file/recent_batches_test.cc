// Batches in memory: what is found, how much waits for a sync, and what is let go.
#include "agent/channels/file/recent_batches.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

constexpr uint64_t kBytes = 1000;

RecentBatch batch(uint64_t row, uint64_t bytes = kBytes) {
  RecentBatch made{{row, 0}, 10, {}, false, 1, 0};
  made.in_flight.bytes = bytes;
  return made;
}

// Those at the rows 0, 10, 20.
RecentBatches three(uint64_t bytes = kBytes) {
  RecentBatches batches;
  for (const uint64_t row : {0, 10, 20}) batches.add(batch(row, bytes), false);
  return batches;
}

bool nobody_has_read(const LogOffset&) { return false; }

TEST(RecentBatches, finds_the_batch_at_an_offset_or_the_next_one) {
  const auto batches = three();
  EXPECT_EQ(batches.find({10, 0})->log_offset, (LogOffset{10, 0}));
  EXPECT_EQ(batches.find({11, 0})->log_offset, (LogOffset{20, 0}));
  EXPECT_EQ(batches.find({21, 0}), nullptr);
  EXPECT_EQ(batches.from({10, 0}).size(), 2u);
}

TEST(RecentBatches, does_not_skip_what_lies_before_them_on_the_disk) {
  auto batches = three();
  batches.drop({10, 0});
  EXPECT_EQ(batches.find({0, 0}), nullptr);
  EXPECT_EQ(batches.oldest().log_offset, (LogOffset{10, 0}));
}

TEST(RecentBatches, count_what_waits_for_a_sync) {
  auto batches = three();
  batches.add(batch(30), true);
  EXPECT_EQ(batches.bytes(), 4 * kBytes);
  EXPECT_EQ(batches.unsynced_bytes(), 3 * kBytes);
  std::vector<uint64_t> rows;
  batches.synced({0, 0}, {20, 0}, [&](const RecentBatch& synced) { rows.push_back(synced.log_offset.row); });
  EXPECT_EQ(rows, (std::vector<uint64_t>{0, 10}));
  EXPECT_EQ(batches.unsynced_bytes(), kBytes);
}

TEST(RecentBatches, lets_go_of_what_is_synced_and_read_by_all) {
  auto batches = three();
  batches.trim({20, 0}, [](const LogOffset& end) { return end <= LogOffset{10, 0}; });
  EXPECT_EQ(batches.oldest().log_offset, (LogOffset{10, 0}));
  batches.trim({20, 0}, [](const LogOffset&) { return true; });
  EXPECT_EQ(batches.oldest().log_offset, (LogOffset{20, 0})) << "it is not synced";
  EXPECT_EQ(batches.bytes(), kBytes);
}

TEST(RecentBatches, keeps_for_slow_readers_no_more_than_fits) {
  auto batches = three(RecentBatches::kKeptBytes / 2);
  batches.trim({30, 0}, nobody_has_read);
  EXPECT_EQ(batches.oldest().log_offset, (LogOffset{10, 0}));
  batches.drop({30, 0});
  EXPECT_TRUE(batches.empty());
  EXPECT_EQ(batches.bytes(), 0u);
}

TEST(RecentBatches, what_was_written_anew_stands_in_place_of_the_old) {
  auto batches = three();
  auto again = batches.from({10, 0});
  for (auto& each : again) each.serial = 2;
  batches.replace(std::move(again));
  EXPECT_EQ(batches.find({0, 0})->serial, 1u);
  EXPECT_EQ(batches.find({10, 0})->serial, 2u);
  EXPECT_EQ(batches.find({20, 0})->serial, 2u);
  EXPECT_EQ(batches.bytes(), 3 * kBytes);
}

}  // namespace
}  // namespace levada::agent

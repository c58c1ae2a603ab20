// When the disk is asked for its free bytes, and what is said while a channel takes nothing.
#include "agent/channels/file/space_watch.h"

#include <gtest/gtest.h>

#include "agent/channels/file/blockage.h"

namespace levada::agent {
namespace {

using Cause = Blockage::Cause;

TEST(SpaceWatch, asks_first_and_then_when_half_of_what_was_free_is_written) {
  SpaceWatch space;
  EXPECT_TRUE(space.due());
  space.checked(1000);
  EXPECT_FALSE(space.due());
  space.written(499);
  EXPECT_FALSE(space.due());
  space.written(1);
  EXPECT_TRUE(space.due());
}

TEST(SpaceWatch, asks_a_large_disk_now_and_then_as_others_write_to_it_too) {
  SpaceWatch space;
  space.checked(uint64_t{1} << 40);
  space.written(SpaceWatch::kCheckedEvery - 1);
  EXPECT_FALSE(space.due());
  space.written(1);
  EXPECT_TRUE(space.due());
}

TEST(SpaceWatch, leaves_a_disk_that_failed_alone_for_a_while) {
  SpaceWatch space;
  const std::chrono::nanoseconds now = std::chrono::seconds(5);
  EXPECT_FALSE(space.rests(now));
  space.rest(now);
  EXPECT_TRUE(space.rests(now + SpaceWatch::kRest - std::chrono::nanoseconds(1)));
  EXPECT_FALSE(space.rests(now + SpaceWatch::kRest));
}

TEST(Blockage, is_new_when_its_cause_changes) {
  Blockage blockage;
  EXPECT_TRUE(blockage.begin(Cause::disk, "no room"));
  EXPECT_FALSE(blockage.begin(Cause::disk, "still no room"));
  EXPECT_EQ(blockage.why(), "still no room");
  EXPECT_TRUE(blockage.begin(Cause::full, "full"));
  EXPECT_EQ(blockage.end(), Cause::full);
  EXPECT_EQ(blockage.why(), "");
  EXPECT_EQ(blockage.end(), Cause::none);
}

TEST(Blockage, is_not_what_was_only_mentioned) {
  Blockage blockage;
  blockage.mention("64 MiB wait");
  EXPECT_EQ(blockage.cause(), Cause::none);
  EXPECT_EQ(blockage.why(), "64 MiB wait");
  blockage.forget_mention();
  EXPECT_EQ(blockage.why(), "");
  blockage.begin(Cause::disk, "no room");
  blockage.forget_mention();
  EXPECT_EQ(blockage.why(), "no room");
}

}  // namespace
}  // namespace levada::agent

#include "agent/pipeline/dead_letters.h"

#include <gtest/gtest.h>

#include "agent/pipeline/test_world.h"

namespace levada::agent {
namespace {

using testing::World;
using Texts = std::vector<std::string>;

TurnedDown turned_down(const std::string& body, const std::string& reason) {
  Batch batch = testkit::batch_of({body});
  batch.set(testkit::text_column("component", {"of the row"}));
  batch.set(testkit::text_column("reason", {reason}));
  TurnedDown made;
  std::vector<Loss> losses;
  std::vector<TurnedDown> all;
  turn_down("interceptors.clean", OnReject::dead_letters, std::move(batch), losses, all);
  return std::move(all[0]);
}

DeadLetters::Origin origin(uint64_t end) { return {"sources.clicks", "clicks/3", "at " + std::to_string(end), end}; }

TEST(DeadLetters, are_rows_with_reason_component_and_where_they_come_from) {
  World world;
  world.dead_letters.add(origin(7), turned_down("{\"a\":", "at byte 5: value expected"));
  EXPECT_FALSE(world.files.exists("/dead"));
  ASSERT_TRUE(world.dead_letters.sync());
  EXPECT_EQ(world.letters("body"), (Texts{"{\"a\":"}));
  EXPECT_EQ(world.letters("reason"), (Texts{"at byte 5: value expected"}));
  EXPECT_EQ(world.letters("component"), (Texts{"interceptors.clean"}));
  EXPECT_EQ(world.letters("row_component"), (Texts{"of the row"}));
  EXPECT_EQ(world.letters("owner"), (Texts{"sources.clicks"}));
  EXPECT_EQ(world.letters("stream"), (Texts{"clicks/3"}));
  EXPECT_EQ(world.letters("position"), (Texts{"at 7"}));
}

TEST(DeadLetters, count_reasons_that_differ_in_numbers_only_as_one) {
  World world;
  world.dead_letters.add(origin(1), turned_down("", "at byte 5: value expected"));
  world.dead_letters.add(origin(2), turned_down("", "at byte 123: value expected"));
  world.dead_letters.add(origin(3), turned_down("", "no object"));
  const auto counts = world.dead_letters.counts();
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts[0].reason, "at byte #: value expected");
  EXPECT_EQ(counts[0].rows, 2);
  EXPECT_EQ(world.dead_letters.rows(), 3);
}

TEST(DeadLetters, do_not_keep_a_batch_again_that_comes_again) {
  World world;
  world.dead_letters.add(origin(7), turned_down("a", "x"));
  ASSERT_TRUE(world.dead_letters.sync());
  world.files.crash();
  DeadLetters restarted(world.services, "/dead");
  ASSERT_TRUE(restarted.open());
  EXPECT_EQ(restarted.marks("clicks/3"), (std::vector<uint64_t>{7}));
  EXPECT_TRUE(restarted.marks("clicks/4").empty());
  restarted.add(origin(7), turned_down("a", "x"));
  restarted.add(origin(8), turned_down("b", "x"));
  restarted.add_late("sinks.out", turned_down("c", "x"));
  ASSERT_TRUE(restarted.sync());
  restarted.add_late("sinks.out", turned_down("c", "x"));
  ASSERT_TRUE(restarted.sync());
  EXPECT_EQ(world.letters("body"), (Texts{"a", "b", "c", "c"}));
}

TEST(DeadLetters, hold_each_row_once_whichever_disk_call_fails) {
  for (int64_t call = 1;; ++call) {
    World world;
    world.dead_letters.add(origin(1), turned_down("first", "x"));
    world.files.fail_call(call, ENOSPC);
    bool failed = false;
    const auto sync = [&] {
      for (int attempt = 0; attempt < 5; ++attempt) {
        if (world.dead_letters.sync()) return true;
        failed = true;
        world.clock.advance(std::chrono::seconds(1));
      }
      return false;
    };
    ASSERT_TRUE(sync());
    world.dead_letters.add(origin(2), turned_down("second", "x"));
    ASSERT_TRUE(sync()) << call;
    world.files.crash();
    ASSERT_EQ(world.letters("body"), (Texts{"first", "second"})) << call;
    if (!failed) break;
  }
}

}  // namespace
}  // namespace levada::agent

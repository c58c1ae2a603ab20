#include "agent/pipeline/sink_group.h"

#include <gtest/gtest.h>

#include "agent/pipeline/test_bench.h"

namespace levada::agent {
namespace {

using testing::scripts;
using testing::TestBench;
using Texts = std::vector<std::string>;

constexpr std::chrono::nanoseconds kNow{0};

struct SinkGroupTest : ::testing::Test {
  TestBench bench;
  std::unique_ptr<SinkGroup> group;

  void start(SinkGroupConfig::Type type) {
    std::vector<std::unique_ptr<SinkInstance>> sinks;
    for (const char* path : {"sinks.a", "sinks.b"}) sinks.push_back(bench.sink(path));
    group = std::make_unique<SinkGroup>(type, std::move(sinks), std::chrono::seconds(30), bench.clock_table);
  }
  Done write(const std::string& body) {
    CBatch rejected;
    return group->write(testkit::batch_of({body}), kNow, rejected);
  }
  Done commit() {
    CBatch rejected;
    return group->commit({}, kNow, rejected);
  }
  const Texts& committed(const std::string& sink) { return scripts()[sink].committed; }
};

TEST_F(SinkGroupTest, failover_writes_to_the_first_sink_while_it_works) {
  start(SinkGroupConfig::Type::failover);
  ASSERT_TRUE(write("1"));
  ASSERT_TRUE(write("2"));
  ASSERT_TRUE(commit());
  EXPECT_EQ(committed("sinks.a"), (Texts{"1", "2"}));
  EXPECT_EQ(committed("sinks.b"), Texts{});
}

TEST_F(SinkGroupTest, failover_goes_to_the_next_sink_and_comes_back_after_the_penalty) {
  start(SinkGroupConfig::Type::failover);
  scripts()["sinks.a"].answers["write"] = {retry("down")};
  EXPECT_EQ(write("1").code(), Code::retry);
  ASSERT_TRUE(group->recover());
  ASSERT_TRUE(write("1"));
  ASSERT_TRUE(commit());
  EXPECT_EQ(committed("sinks.b"), (Texts{"1"}));
  bench.clock.advance(std::chrono::seconds(31));
  ASSERT_TRUE(write("2"));
  ASSERT_TRUE(commit());
  EXPECT_EQ(committed("sinks.a"), (Texts{"2"}));
}

TEST_F(SinkGroupTest, failover_does_not_change_the_sink_between_two_commits) {
  start(SinkGroupConfig::Type::failover);
  scripts()["sinks.a"].answers["open"] = {retry("down")};
  EXPECT_EQ(write("1").code(), Code::retry);
  ASSERT_TRUE(write("1"));
  bench.clock.advance(std::chrono::seconds(31));
  ASSERT_TRUE(write("2"));
  ASSERT_TRUE(commit());
  EXPECT_EQ(committed("sinks.b"), (Texts{"1", "2"}));
}

TEST_F(SinkGroupTest, balancing_gives_each_sink_its_share) {
  start(SinkGroupConfig::Type::load_balance);
  for (const char* body : {"1", "2", "3", "4"}) ASSERT_TRUE(write(body));
  ASSERT_TRUE(commit());
  EXPECT_EQ(committed("sinks.a").size(), 2u);
  EXPECT_EQ(committed("sinks.b").size(), 2u);
}

TEST_F(SinkGroupTest, balancing_asks_the_next_sink_when_one_has_no_room) {
  start(SinkGroupConfig::Type::load_balance);
  scripts()["sinks.b"].answers["write"] = {idle()};
  ASSERT_TRUE(write("1"));
  ASSERT_TRUE(commit());
  EXPECT_EQ(committed("sinks.a"), (Texts{"1"}));
}

TEST_F(SinkGroupTest, has_to_wait_when_no_sink_works) {
  start(SinkGroupConfig::Type::load_balance);
  for (const char* sink : {"sinks.a", "sinks.b"}) scripts()[sink].answers["open"] = {retry("down")};
  EXPECT_EQ(write("1").code(), Code::retry);
  EXPECT_EQ(write("1").code(), Code::retry);
  EXPECT_EQ(write("1").error().message, "no sink of the group works");
  bench.clock.advance(std::chrono::seconds(31));
  EXPECT_TRUE(write("1"));
}

TEST_F(SinkGroupTest, commits_no_rows_of_a_sink_that_failed_to_commit) {
  start(SinkGroupConfig::Type::load_balance);
  ASSERT_TRUE(write("1"));
  ASSERT_TRUE(write("2"));
  scripts()["sinks.a"].answers["commit"] = {retry("down")};
  EXPECT_EQ(commit().code(), Code::retry);
  ASSERT_TRUE(group->recover());
  for (const char* body : {"1", "2"}) ASSERT_TRUE(write(body));
  ASSERT_TRUE(commit());
  EXPECT_EQ(committed("sinks.b"), (Texts{"1", "2"}));
  EXPECT_EQ(committed("sinks.a"), Texts{});
}

}  // namespace
}  // namespace levada::agent

// Flows that run are replaced: rows arrive once whatever happens on the way, and what fails leaves
// everything as it was.
#include "agent/cli/reload/running_flows.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <future>

#include "agent/cli/reload/reload.h"
#include "agent/cli/reload/test_support.h"
#include "levada/testkit/fault_step.h"

namespace levada::agent {
namespace {

using testing::ReloadBench;
using testing::TestFlow;
using Names = std::vector<std::string>;
using Reloaded = ReloadAnswer::Outcome;

constexpr const char* kMemory = "type = \"memory\"";
constexpr const char* kFile = "type = \"file\"\nlow_water_bytes = 0";
constexpr const char* kNew = "remark = \"new\"";
constexpr const char* kSoon = "stop_timeout = \"50ms\"";

class RunningFlowsTest : public ::testing::Test, protected ReloadBench {
 protected:
  // Some rows arrive before, and all others after `change`; at the end each is there once.
  template <class Change>
  void rows_arrive_once(const std::string& sink, Change change) {
    world.set_rows(10);
    ASSERT_TRUE(world.wait_for(sink, 10));
    world.set_rows(20);
    change();
    world.set_rows(30);
    ASSERT_TRUE(world.wait_for(sink, 30)) << world.stored(sink).size();
    EXPECT_EQ(finish(), Pipeline::Outcome::drained);
    EXPECT_EQ(world.stored(sink), numbers(30));
  }
};

TEST_F(RunningFlowsTest, nothing_happens_where_nothing_changed) {
  start({{"a"}, {"b"}});
  rows_arrive_once("sinks.a", [&] {
    const auto answer = reload({{"b"}, {"a"}});
    EXPECT_EQ(answer.outcome, Reloaded::unchanged);
    EXPECT_EQ(answer.plan.kept.size(), 6u);
  });
}

TEST_F(RunningFlowsTest, a_flow_that_changed_goes_on_where_it_stood) {
  for (const char* channel : {kMemory, kFile}) {
    SCOPED_TRACE(channel);
    ReloadBench bench;
    bench.start({{"a", channel}});
    bench.world.set_rows(10);
    ASSERT_TRUE(bench.world.wait_for("sinks.a", 10));
    bench.world.set_rows(20);
    const auto answer = bench.reload({{"a", channel, kNew}});
    EXPECT_EQ(answer.outcome, Reloaded::done) << (answer.errors.empty() ? "" : answer.errors[0]);
    EXPECT_EQ(answer.plan.changed, Names{"sinks.a"});
    EXPECT_EQ(answer.warnings, Names{});
    bench.world.set_rows(30);
    EXPECT_EQ(bench.finish(), Pipeline::Outcome::drained);
    EXPECT_EQ(bench.world.stored("sinks.a"), bench.numbers(30));
  }
}

TEST_F(RunningFlowsTest, flows_are_added_and_removed) {
  start({{"a"}});
  rows_arrive_once("sinks.a", [&] {
    EXPECT_EQ(reload({{"a"}, {"b"}}).plan.added, (Names{"channels.b", "sinks.b", "sources.b"}));
    EXPECT_TRUE(world.wait_for("sinks.b", 20));
    EXPECT_EQ(reload({{"a"}}).plan.removed, (Names{"channels.b", "sinks.b", "sources.b"}));
  });
  EXPECT_EQ(world.stored("sinks.b"), numbers(20));
}

TEST_F(RunningFlowsTest, a_source_that_has_ended_ends_again) {
  world.set_rows(10);
  world.end();
  start({{"a"}, {"b", kFile, "fails = \"opening\""}});
  ASSERT_TRUE(world.wait_for("sinks.a", 10));
  EXPECT_EQ(reload({{"a", kMemory, kNew}, {"b", kFile}}).outcome, Reloaded::done);
  EXPECT_EQ(flows->wait(), Pipeline::Outcome::drained);
  flows->close();
  EXPECT_EQ(world.stored("sinks.a"), numbers(10));
  EXPECT_EQ(world.stored("sinks.b"), numbers(10));
}

TEST_F(RunningFlowsTest, what_a_component_says_of_its_options_is_refused_with_its_place) {
  start({{"a"}, {"b"}});
  rows_arrive_once("sinks.b", [&] {
    const auto answer = reload({{"a"}, {"b", kMemory, "fails = \"create\""}});
    EXPECT_EQ(answer.outcome, Reloaded::refused);
    EXPECT_EQ(answer.errors, Names{folder.path("agent.toml") + ":27:9: sinks.b.fails: must not be create"});
  });
}

TEST_F(RunningFlowsTest, a_sink_that_can_never_be_opened_is_rolled_back_with_its_reason) {
  start({{"a"}, {"b"}});
  rows_arrive_once("sinks.b", [&] {
    const auto answer = reload({{"a", kMemory, kNew}, {"b", kMemory, "fails = \"open\""}, {"c"}});
    EXPECT_EQ(answer.outcome, Reloaded::rolled_back);
    EXPECT_EQ(answer.errors, Names{"sinks.b: open: it is locked"});
    EXPECT_EQ(world.stored("sinks.c"), Names{}) << "nothing is read before all is open";
  });
  EXPECT_EQ(world.stored("sinks.a"), numbers(30));
}

TEST_F(RunningFlowsTest, a_sink_that_cannot_be_reached_is_no_failure) {
  for (const char* channel : {kMemory, kFile}) {
    SCOPED_TRACE(channel);
    ReloadBench bench;
    bench.start({{"a", channel}});
    bench.world.set_rows(10);
    ASSERT_TRUE(bench.world.wait_for("sinks.a", 10));
    bench.world.set_rows(20);
    for (const char* fails : {"opening", "write", "opening", "nothing"})
      EXPECT_EQ(bench.reload({{"a", channel, "fails = \"" + std::string(fails) + "\""}}).outcome, Reloaded::done);
    bench.world.set_rows(30);
    EXPECT_EQ(bench.finish(), Pipeline::Outcome::drained);
    EXPECT_EQ(bench.world.stored("sinks.a"), bench.numbers(30));
  }
}

TEST_F(RunningFlowsTest, a_failed_flow_is_started_anew_though_nothing_changed) {
  start({{"a"}, {"b", kFile, "fails = \"open\""}}, kSoon);
  ASSERT_FALSE(flows->is_stopping());
  rows_arrive_once("sinks.a", [&] {
    // Its sink can still not be opened.
    EXPECT_EQ(reload({{"a"}, {"b", kFile, "fails = \"open\""}}, kSoon).outcome, Reloaded::rolled_back);
    EXPECT_EQ(reload({{"a"}, {"b", kFile}}, kSoon).outcome, Reloaded::done);
    EXPECT_TRUE(world.wait_for("sinks.b", 20));
  });
  EXPECT_EQ(world.stored("sinks.b"), numbers(30));
}

TEST_F(RunningFlowsTest, a_sink_that_hangs_keeps_its_flow_from_being_replaced) {
  world.set_rows(10);
  start({{"a", kMemory, "fails = \"hang\""}, {"b"}}, kSoon);
  ASSERT_TRUE(world.wait_for_trouble());
  const auto answer = reload({{"a"}, {"b", kMemory, kNew}}, kSoon);
  EXPECT_EQ(answer.outcome, Reloaded::rolled_back);
  EXPECT_EQ(answer.errors, Names{"sinks.a does not come back from a call"});
  world.release();
  EXPECT_EQ(finish(), Pipeline::Outcome::drained);
  EXPECT_EQ(world.stored("sinks.a"), numbers(10));
  EXPECT_EQ(world.stored("sinks.b"), numbers(10));
}

TEST_F(RunningFlowsTest, a_source_that_cannot_go_back_is_not_replaced_before_all_is_stored) {
  const std::string no_replay = "replays = false";
  start({{"a", kMemory, "fails = \"write\"", no_replay}}, kSoon);
  world.set_rows(10);
  ASSERT_TRUE(world.wait_for_trouble());
  const auto answer = reload({{"a", kMemory, "", no_replay}}, kSoon);
  EXPECT_EQ(answer.outcome, Reloaded::rolled_back);
  EXPECT_EQ(answer.errors, Names{"sources.a cannot go back, and what it has read is not stored by sinks.a"});
  flows->stop_intake();
  EXPECT_EQ(flows->wait(), Pipeline::Outcome::timed_out);
}

TEST_F(RunningFlowsTest, a_stop_ends_a_reload_and_all_flows) {
  start({{"a", kMemory, "fails = \"write\""}, {"b"}}, kSoon);
  world.set_rows(10);
  ASSERT_TRUE(world.wait_for("sinks.b", 10));
  auto reloads = std::async(std::launch::async, [&] {
    for (int number = 0;; ++number)
      if (reload({{"a", kMemory, "fails = \"write\""}, {"b", kMemory, "remark = \"" + std::to_string(number) + "\""}},
                 kSoon)
              .outcome == Reloaded::stopped)
        return;
  });
  ASSERT_TRUE(world.wait_for("sinks.b", 10));
  flows->stop_intake();
  flows->wait();
  flows->close();
  reloads.wait();
  EXPECT_EQ(world.stored("sinks.b"), numbers(10));
}

TEST_F(RunningFlowsTest, options_of_the_agent_are_taken_over_or_need_a_restart) {
  const auto before = configuration({{"a"}}, "memory_bytes = \"1MiB\"\nlog_level = \"info\"");
  const auto after = configuration({{"a"}}, "memory_bytes = \"2MiB\"\nlog_level = \"debug\"\nstop_timeout = \"30s\"");
  Diagnostics diagnostics;
  EXPECT_EQ(changed_options(before->agent, after->agent, diagnostics), Names{"log_level"}) << "30s is the default";
  EXPECT_EQ(diagnostics.text(), folder.path("agent.toml") +
                                    ":3:16: agent.memory_bytes: needs a restart: it cannot change while the agent "
                                    "runs\n");
}

// Whichever call of the disk fails while a reload is under way, and whether it fails once or for as
// long as the reload takes: it is done or undone, and each row arrives once.
TEST_F(RunningFlowsTest, any_call_of_the_disk_may_fail) {
  constexpr int64_t kStep = 3 * testkit::kFaultStep;
  for (int64_t call = 1;; call += kStep) {
    SCOPED_TRACE(call);
    ReloadBench bench;
    const TestFlow old{"a", kFile}, fresh{"a", kFile, kNew}, other{"b"};
    bench.start({old, other}, "stop_timeout = \"2s\"");
    bench.world.set_rows(10);
    ASSERT_TRUE(bench.world.wait_for("sinks.a", 10));
    ASSERT_TRUE(bench.world.wait_for("sinks.b", 10));
    bench.world.set_rows(20);
    const auto before = bench.files.calls();
    bench.files.fail_call(call, EIO);
    const auto answer = bench.reload({fresh, {"b", kMemory, kNew}}, "stop_timeout = \"2s\"");
    const auto calls = bench.files.calls() - before;
    EXPECT_TRUE(answer.outcome == Reloaded::done || answer.outcome == Reloaded::rolled_back);
    bench.world.set_rows(30);
    EXPECT_TRUE(bench.world.wait_for("sinks.a", 30));
    EXPECT_TRUE(bench.world.wait_for("sinks.b", 30));
    bench.finish();
    EXPECT_EQ(bench.world.stored("sinks.a"), bench.numbers(30));
    EXPECT_EQ(bench.world.stored("sinks.b"), bench.numbers(30));
    if (call > calls || HasFailure()) break;
  }
}

}  // namespace
}  // namespace levada::agent

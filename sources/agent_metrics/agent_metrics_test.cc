// The agent's counters as rows.
#include "agent_metrics.h"

#include <gtest/gtest.h>

#include <thread>

#include "levada/testkit/batches.h"
#include "levada/testkit/fake_host.h"

namespace levada::agent_metrics {
namespace {

using namespace std::chrono_literals;
using testkit::texts;
using Texts = std::vector<std::string>;

class AgentMetricsTest : public testing::Test {
 protected:
  void start(std::string position = "") {
    auto made = AgentMetrics::create({.interval = 10s}, host_.host());
    ASSERT_TRUE(made) << made.error().message;
    source_ = *std::move(made);
    const Position at{"", std::move(position), 0};
    ASSERT_TRUE(source_->open({&at, at.position.empty() ? 0u : 1u}));
  }

  testkit::FakeHost host_{"sources.metrics"};
  std::unique_ptr<AgentMetrics> source_;
};

TEST_F(AgentMetricsTest, gives_all_counters_at_once_and_then_at_the_interval_with_rates) {
  host_.set_counter("channels.main", "syncs", 5);
  host_.set_counter("sinks.out", "calls_failed", 100);
  host_.set_counter("whole", "restarts", 1);
  start();
  auto batch = source_->poll(0s);
  ASSERT_TRUE(batch);
  EXPECT_EQ(texts(*batch, "component"), (Texts{"channels.main", "sinks.out", "sources.metrics", "whole"}));
  EXPECT_EQ(texts(*batch, "kind"), (Texts{"channel", "sink", "source", "agent"}));
  EXPECT_EQ(texts(*batch, "name"), (Texts{"syncs", "calls_failed", "readings", "restarts"}));
  EXPECT_EQ(texts(*batch, "value"), (Texts{"5", "100", "1", "1"}));
  EXPECT_EQ(texts(*batch, "rate"), Texts(4, "<null>"));
  EXPECT_EQ(texts(*batch, "time")[0], std::to_string(host_.host().now().count() / 1000));
  EXPECT_EQ(batch->position, "1");
  host_.clock().advance(9s);
  EXPECT_EQ(source_->poll(1ms).code(), Code::idle);
  host_.clock().advance(11s);
  host_.set_counter("sinks.out", "calls_failed", 110);
  host_.set_counter("sinks.out", "commits", 40);
  batch = source_->poll(0s);
  ASSERT_TRUE(batch);
  EXPECT_EQ(texts(*batch, "name"), (Texts{"syncs", "calls_failed", "commits", "readings", "restarts"}));
  EXPECT_EQ(texts(*batch, "rate"), (Texts{"0", "0.5", "2", "0.05", "0"}));
  EXPECT_EQ(batch->position, "2");
}

TEST_F(AgentMetricsTest, counts_its_readings_on_after_a_restart) {
  start("41");
  EXPECT_FALSE(source_->replays());
  EXPECT_EQ(source_->poll(0s)->position, "42");
}

TEST_F(AgentMetricsTest, reads_once_where_the_agent_stops_when_it_is_drained) {
  host_.set_until_drained(true);
  start();
  EXPECT_TRUE(source_->poll(0s));
  EXPECT_EQ(source_->poll(0s).code(), Code::end);
  EXPECT_EQ(source_->poll(0s).code(), Code::end);
}

TEST_F(AgentMetricsTest, a_wait_is_ended_by_a_wake) {
  start();
  ASSERT_TRUE(source_->poll(0s));
  std::thread waker([&] { source_->wake(); });
  EXPECT_EQ(source_->poll(1h).code(), Code::idle);
  waker.join();
}

TEST_F(AgentMetricsTest, says_where_counters_are_not_shown_and_which_interval_is_none) {
  EXPECT_EQ(AgentMetrics::create({.interval = 0s}, host_.host()).error().option, "interval");
  host_.take_away(LEVADA_OBSERVE);
  start();
  EXPECT_EQ(source_->poll(0s).code(), Code::fatal);
}

}  // namespace
}  // namespace levada::agent_metrics

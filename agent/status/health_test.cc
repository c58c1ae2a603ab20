#include "agent/status/health.h"

#include <gtest/gtest.h>

#include "agent/observe/open_gauge.h"
#include "agent/status/test_bench.h"

namespace levada::agent {
namespace {

using testing::StatusBench;

TEST(Health, IsGoodOnceEverythingIsOpen) {
  StatusBench bench;
  OpenGauge source(bench.metrics, "sources.in"), sink(bench.metrics, "sinks.out");
  EXPECT_FALSE(health_of(bench.watched, *bench.view(), false).good());
  EXPECT_FALSE(health_of(bench.watched, *bench.view(), true).ready);
  source.works();
  sink.works();
  const auto health = health_of(bench.watched, *bench.view(), true);
  EXPECT_TRUE(health.good());
  EXPECT_EQ(health.json(), "{\"live\":true,\"ready\":true,\"progressing\":true,\"problems\":[]}\n");
}

TEST(Health, NamesWhatFailsAndLosesPatienceAfterAWhile) {
  StatusBench bench;
  OpenGauge source(bench.metrics, "sources.in"), sink(bench.metrics, "sinks.out");
  source.works();
  sink.works();
  sink.fails(bench.time);
  bench.time += Health::kFailingPatience;
  sink.fails(bench.time);  // Again: it counts from the first time.
  auto health = health_of(bench.watched, *bench.view(), true);
  EXPECT_TRUE(health.good());
  ASSERT_EQ(health.problems.size(), 1u);
  EXPECT_EQ(health.problems[0].component, "sinks.out");
  EXPECT_EQ(health.problems[0].seconds, 60);
  bench.time += std::chrono::seconds(1);
  EXPECT_FALSE(health_of(bench.watched, *bench.view(), true).ready);
  sink.works();
  EXPECT_TRUE(health_of(bench.watched, *bench.view(), true).problems.empty());
}

TEST(Health, ASinkThatWasNeverOpenDoesNotOnlyFail) {
  StatusBench bench;
  OpenGauge source(bench.metrics, "sources.in"), sink(bench.metrics, "sinks.out");
  source.works();
  sink.fails(bench.time);
  const auto health = health_of(bench.watched, *bench.view(), true);
  EXPECT_FALSE(health.ready);
  ASSERT_EQ(health.problems.size(), 1u);
  EXPECT_EQ(health.problems[0].what, "is not open yet");
}

TEST(Health, IsNotHarmedByAReloadThatComesToNothing) {
  StatusBench bench;
  OpenGauge source(bench.metrics, "sources.in"), sink(bench.metrics, "sinks.out");
  source.works();
  sink.works();
  sink.fails(bench.time);
  {
    const OpenGauge other_source(bench.metrics, "sources.in"), other_sink(bench.metrics, "sinks.out");
  }
  source.works();
  bench.time += std::chrono::seconds(1);
  sink.fails(bench.time);
  const auto health = health_of(bench.watched, *bench.view(), true);
  EXPECT_TRUE(health.good());
  ASSERT_EQ(health.problems.size(), 1u);
  EXPECT_EQ(health.problems[0].component, "sinks.out");
  EXPECT_EQ(health.problems[0].seconds, 1);
}

TEST(Health, NamesWhatHangsAndWhatCannotGoOn) {
  StatusBench bench;
  OpenGauge source(bench.metrics, "sources.in"), sink(bench.metrics, "sinks.out");
  source.works();
  sink.works();
  Progress::Turns of_source(&bench.progress, "sources.in"), of_sink(&bench.progress, "sinks.out");
  of_source.begin(bench.time);
  EXPECT_TRUE(health_of(bench.watched, *bench.view(), true).good());
  bench.time += Health::kStuckPatience + std::chrono::seconds(1);
  sink.fails(bench.time);
  of_sink.fail();
  const auto health = health_of(bench.watched, *bench.view(), true);
  EXPECT_TRUE(health.ready);
  EXPECT_FALSE(health.progressing);
  ASSERT_EQ(health.problems.size(), 2u);
  EXPECT_EQ(health.problems[0].component, "sinks.out");
  EXPECT_EQ(health.problems[0].what, "cannot go on: see the log");
  EXPECT_EQ(health.problems[1].component, "sources.in");
  EXPECT_EQ(health.problems[1].seconds, 61);
}

}  // namespace
}  // namespace levada::agent

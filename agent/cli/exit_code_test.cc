#include "agent/cli/exit_code.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

using Outcome = Pipeline::Outcome;

ExitCode drained_with(const char* counter) {
  Metrics metrics;
  metrics.counter("sources.in", "rows_read").add(3);
  metrics.counter("sources.in", counter).add(1);
  return exit_code(Outcome::drained, true, 0, metrics);
}

TEST(ExitCode, tells_what_is_delivered_from_what_is_not) {
  const Metrics none{};
  EXPECT_EQ(exit_code(Outcome::drained, true, 0, none), kOk);
  EXPECT_EQ(exit_code(Outcome::drained, true, 1, none), kNotAllGood);
  EXPECT_EQ(exit_code(Outcome::stopped, true, 0, none), kNotDrained);
  EXPECT_EQ(exit_code(Outcome::stopped, true, 1, none), kNotDrained);
  EXPECT_EQ(exit_code(Outcome::timed_out, true, 0, none), kNotDrained);
  EXPECT_EQ(exit_code(Outcome::failed, true, 1, none), kFailed);
}

TEST(ExitCode, knows_damage_by_its_counters) {
  EXPECT_EQ(drained_with("files_completed"), kOk);
  EXPECT_EQ(drained_with("files_damaged"), kNotAllGood);
  EXPECT_EQ(drained_with("rows_missing"), kNotAllGood);
  EXPECT_EQ(drained_with("files_failed"), kNotDrained);
}

TEST(ExitCode, of_an_agent_that_runs_for_ever_is_good_when_it_was_told_to_stop) {
  Metrics metrics;
  metrics.counter("sources.in", "files_damaged").add(1);
  EXPECT_EQ(exit_code(Outcome::stopped, false, 1, metrics), kOk);
  EXPECT_EQ(exit_code(Outcome::timed_out, false, 1, metrics), kOk);
  EXPECT_EQ(exit_code(Outcome::failed, false, 0, metrics), kFailed);
}

}  // namespace
}  // namespace levada::agent

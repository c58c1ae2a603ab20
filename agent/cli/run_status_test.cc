// What the file says of runs, and what of it is there when the disk fails.
#include "agent/cli/run_status.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "levada/testkit/manual_clock.h"
#include "levada/testkit/memory_files.h"

namespace levada::agent {
namespace {

using namespace std::chrono_literals;
using Outcome = Pipeline::Outcome;

class RunStatusTest : public ::testing::Test {
 protected:
  RunStatus status() { return RunStatus(path_, Files(files_.table()), *clock_.table()); }
  std::string text() const { return files_.read_file(path_); }

  testkit::ManualClock clock_;
  testkit::MemoryFiles files_{clock_};
  const std::string path_ = "/logs/fetch_status.log";
};

TEST_F(RunStatusTest, says_how_a_run_began_and_how_it_ended) {
  auto run = status();
  ASSERT_TRUE(run.started("fetch.toml", false));
  clock_.advance(1500ms);
  ASSERT_TRUE(run.ended(RunState::completed_with_errors, "rows_read=5", "sources.in  rows read 5\n\nwarning: 404\n"));
  const auto lines = text();
  const auto time = [](std::string_view line) { return line.substr(0, 24); };
  const auto second = lines.find('\n', lines.find('\n') + 1) + 1;
  EXPECT_EQ(lines, std::string(time(lines)) + " fetch STATUS: started\n  levada run --config fetch.toml\n" +
                       std::string(time(lines.substr(second))) +
                       " fetch STATUS: completed_with_errors rows_read=5 seconds=1.50\n"
                       "  sources.in  rows read 5\n  warning: 404\n");
  EXPECT_TRUE(lines[10] == 'T' && lines[23] == 'Z') << lines;
}

TEST_F(RunStatusTest, a_run_that_was_killed_has_failed) {
  ASSERT_TRUE(status().started("fetch.toml", false));
  ASSERT_TRUE(status().started("fetch.toml", true));
  const auto lines = text();
  EXPECT_NE(lines.find(" fetch STATUS: failed\n  the run was killed"), lines.npos) << lines;
  EXPECT_LT(lines.find("STATUS: failed"), lines.rfind("STATUS: started"));
}

TEST_F(RunStatusTest, a_record_that_was_cut_short_ends_before_the_next) {
  files_.write_file(path_, "2026-01-01T00:00:00.000Z fetch STATUS: sta");
  ASSERT_TRUE(status().started("fetch.toml", false));
  EXPECT_EQ(text().find("STATUS: sta\n20"), text().find("STATUS: sta")) << text();
}

TEST_F(RunStatusTest, tells_that_it_could_not_be_written_whichever_disk_call_fails) {
  for (int64_t call = 1;; ++call) {
    files_.fail_call(call, EIO);
    const bool said = status().started("fetch.toml", false).ok();
    files_.crash();
    if (!said) continue;
    EXPECT_NE(text().find("STATUS: started\n"), std::string::npos);
    break;
  }
}

TEST_F(RunStatusTest, nothing_is_written_without_a_path) {
  RunStatus none("", Files(files_.table()), *clock_.table());
  EXPECT_TRUE(none.started("fetch.toml", true));
  EXPECT_TRUE(none.ended(RunState::completed, "", ""));
}

TEST(RunState, follows_the_exit_code) {
  EXPECT_EQ(run_state(kOk, Outcome::drained, true), RunState::completed);
  EXPECT_EQ(run_state(kNotAllGood, Outcome::drained, true), RunState::completed_with_errors);
  // A list that could not be read: all others were.
  EXPECT_EQ(run_state(kNotDrained, Outcome::drained, true), RunState::completed_with_errors);
  EXPECT_EQ(run_state(kNotDrained, Outcome::stopped, true), RunState::failed);
  EXPECT_EQ(run_state(kFailed, Outcome::failed, true), RunState::failed);
  EXPECT_EQ(run_state(kBadConfiguration, Outcome::failed, true), RunState::failed);
  EXPECT_EQ(run_state(kOk, Outcome::stopped, false), RunState::stopped);
}

TEST(RunState, a_service_has_the_name_of_its_file) {
  EXPECT_EQ(service_of("/var/log/fetch_status.log"), "fetch");
  EXPECT_EQ(service_of("load.log"), "load");
  EXPECT_EQ(service_of("a.b/status"), "status");
}

TEST(RunState, counters_are_sums_over_components_and_show_what_went_wrong) {
  Metrics metrics;
  metrics.counter("sources.a", "rows_read").add(3);
  metrics.counter("sources.b", "rows_read").add(4);
  EXPECT_EQ(run_counters(metrics, 2), "rows_read=7 rows_written=0 rows_rejected=2");
  metrics.counter("sources.b", "files_failed").add(1);
  EXPECT_EQ(run_counters(metrics, 0), "rows_read=7 rows_written=0 rows_rejected=0 files_failed=1");
}

}  // namespace
}  // namespace levada::agent

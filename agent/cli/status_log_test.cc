#include "agent/cli/status_log.h"

#include <gtest/gtest.h>

#include "agent/pipeline/test_bench.h"

namespace levada::agent {
namespace {

using Line = StatusLog::Line;

class StatusLogTest : public ::testing::Test {
 protected:
  StatusLogTest()
      : dead_letters_(bench_.services, "/dead_letters"), log_(metrics_, dead_letters_, bench_.clock_table) {}

  testing::TestBench bench_;
  Metrics metrics_;
  DeadLetters dead_letters_;
  StatusLog log_;
};

TEST_F(StatusLogTest, says_each_minute_what_each_component_did) {
  metrics_.counter("sources.in", "rows_read").add(1000);
  metrics_.counter("sinks.idle", "rows_written");
  bench_.clock.advance(std::chrono::seconds(59));
  EXPECT_EQ(log_.due(), std::vector<Line>());
  bench_.clock.advance(std::chrono::seconds(1));
  EXPECT_EQ(log_.due(), (std::vector<Line>{{"sources.in", "rows read 1,000 (+1,000)"}}));
  EXPECT_EQ(log_.due(), std::vector<Line>());
  metrics_.counter("sources.in", "rows_read").add(20);
  metrics_.counter("sources.in", "files_taken").add(1);
  bench_.clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(log_.due(), (std::vector<Line>{{"sources.in", "files taken 1 (+1), rows read 1,020 (+20)"}}));
  bench_.clock.advance(std::chrono::minutes(1));
  EXPECT_EQ(log_.due(), std::vector<Line>());
}

TEST_F(StatusLogTest, says_at_once_that_a_component_rejects_rows_and_says_it_once) {
  metrics_.counter("interceptors.clean", "rows_rejected").add(2);
  EXPECT_EQ(log_.due(), (std::vector<Line>{{"interceptors.clean", "rejects rows, 2 so far"}}));
  metrics_.counter("interceptors.clean", "rows_rejected").add(2);
  EXPECT_EQ(log_.due(), std::vector<Line>());
}

TEST_F(StatusLogTest, says_at_the_end_what_each_component_did_in_all) {
  metrics_.counter("sources.in", "rows_read").add(1234);
  bench_.clock.advance(std::chrono::minutes(1));
  (void)log_.due();
  EXPECT_EQ(log_.summary(), (std::vector<Line>{{"sources.in", "in all: rows read 1,234"}}));
}

}  // namespace
}  // namespace levada::agent

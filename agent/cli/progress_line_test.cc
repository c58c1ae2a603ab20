#include "agent/cli/progress_line.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

using std::chrono::seconds;

TEST(ProgressLine, ShowsHowFarItIsAndHowLongItTakes) {
  Metrics metrics;
  Backlogs backlogs;
  auto rows = metrics.counter("sources.a", "rows_read");
  ProgressLine line(metrics, backlogs, {"sources.a"}, seconds(0));
  EXPECT_EQ(line.text(seconds(1)), "0 rows  0 rows/s");
  backlogs.show("sources.a", {{.name = "f", .done = 0, .total = 1000}});
  line.text(seconds(2));
  backlogs.show("sources.a", {{.name = "f", .done = 500, .total = 1000}});
  rows.add(5000);
  EXPECT_EQ(line.text(seconds(3)), "[############------------]  50 %  5,000 rows  1.00 k rows/s  about 5 s left");
  backlogs.show("sources.a", {});
  EXPECT_EQ(line.text(seconds(4)), "[########################] 100 %  5,000 rows  800 rows/s");
}

TEST(ProgressLine, HasNoBarWhereTheEndIsNotKnown) {
  Metrics metrics;
  Backlogs backlogs;
  metrics.counter("sources.a", "rows_read").add(1'000);
  backlogs.show("sources.a", {{.name = "stream", .done = 5, .total = -1}});
  ProgressLine line(metrics, backlogs, {"sources.a"}, seconds(0));
  EXPECT_EQ(line.text(seconds(1)), "1,000 rows  1.00 k rows/s");
}

}  // namespace
}  // namespace levada::agent

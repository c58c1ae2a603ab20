#include "agent/status/history.h"

#include <gtest/gtest.h>

#include "agent/status/test_bench.h"

namespace levada::agent {
namespace {

using std::chrono::seconds;
using testing::StatusBench;

TEST(Ring, ForgetsTheOldest) {
  Ring ring(3);
  EXPECT_EQ(ring.average(5), 0);
  for (const float value : {1.f, 2.f, 3.f, 4.f}) ring.add(value);
  EXPECT_EQ(ring.size(), 3u);
  EXPECT_EQ(ring.back(0), 4);
  EXPECT_EQ(ring.back(2), 2);
  EXPECT_EQ(ring.average(2), 3.5);
  EXPECT_EQ(ring.average(100), 3);
}

class HistoryTest : public ::testing::Test {
 protected:
  void sample(seconds after = seconds(1)) {
    bench_.time += after;
    history_.sample(*bench_.view(), usage_);
  }

  StatusBench bench_;
  ProcessUsage usage_;
  History history_{bench_.watched};
  Counter rows_ = bench_.metrics.counter("sources.in", "rows_read");
};

TEST_F(HistoryTest, ShowsCountersAsRates) {
  rows_.add(1000);
  sample();
  EXPECT_EQ(history_.recent("sources.in", "rows_read", 5), 0) << "what was before it began is no rate";
  rows_.add(50);
  sample();
  EXPECT_EQ(history_.recent("sources.in", "rows_read", 1), 50);
  rows_.add(60);
  sample(seconds(3));
  EXPECT_EQ(history_.recent("sources.in", "rows_read", 1), 20) << "a second that was missed is spread";
  EXPECT_EQ(history_.recent("sources.in", "rows_read", 3), 20);
  EXPECT_EQ(history_.recent("sources.in", "nothing", 3), 0);
  EXPECT_EQ(history_.recent("sources.other", "rows_read", 3), 0);
}

TEST_F(HistoryTest, ShowsGaugesAsTheyAreAndHowFastTheyShrink) {
  const auto waiting = bench_.metrics.gauge("channels.main", "rows_waiting");
  for (const auto rows : {0, 500, 400, 300}) {
    waiting.set(rows);
    sample();
  }
  EXPECT_EQ(history_.recent("channels.main", "rows_waiting", 1), 300);
  EXPECT_EQ(history_.decrease("channels.main", "rows_waiting", 30), 100);
  bench_.backlogs.show("sources.in", {{.name = "a", .done = 30, .total = 100}, {.count = 2, .total = 50}});
  sample();
  EXPECT_EQ(history_.recent("sources.in", "backlog", 1), 120);
}

TEST_F(HistoryTest, ShowsWhatIsCountedForEachOfSeveralNames) {
  auto errors = bench_.metrics.counter("sources.in", "pattern_rows:error");
  errors.add(5);
  sample();
  EXPECT_EQ(history_.recent("sources.in", "pattern_rows:error", 1), 0) << "what was before it began is no rate";
  errors.add(7);
  bench_.metrics.counter("sources.in", "pattern_rows:ip").add(3);
  sample();
  EXPECT_EQ(history_.recent("sources.in", "pattern_rows:error", 1), 7);
  EXPECT_EQ(history_.recent("sources.in", "pattern_rows:ip", 1), 3) << "one that comes up begins at nothing";
  sample();
  EXPECT_EQ(history_.recent("sources.in", "pattern_rows:error", 2), 3.5);
  for (int name = 0; name < 100; ++name)
    bench_.metrics.counter("sources.in", "pattern_rows:z" + std::to_string(name)).add(1);
  sample();
  const auto json = history_.json("sources.in");
  size_t shown = 0;
  for (auto at = json.find("pattern_rows:"); at != json.npos; at = json.find("pattern_rows:", at + 1)) ++shown;
  EXPECT_EQ(shown, History::kNamed);
}

TEST_F(HistoryTest, KeepsAnHourInBoundedMemory) {
  for (int second = 0; second < 3 * 3600; ++second) {
    rows_.add(100);
    sample();
  }
  const auto json = history_.json("sources.in");
  EXPECT_NE(json.find("{\"component\":\"sources.in\""), std::string::npos);
  const auto values = std::count(json.begin(), json.end(), ',');
  EXPECT_GT(values, static_cast<long>(4 * (History::kFine + History::kCoarse)));
  EXPECT_LT(values, static_cast<long>(4 * (History::kFine + History::kCoarse) + 100));
  EXPECT_EQ(history_.json("sources.other"), "");
  EXPECT_NE(history_.sparklines().find("\"sinks.out\":["), std::string::npos);
}

TEST_F(HistoryTest, AClockThatStoodStillHarmsNothing) {
  sample();
  rows_.add(5);
  sample(seconds(0));
  sample(seconds(100000));
  EXPECT_NE(history_.json(History::kAgent), "");
}

}  // namespace
}  // namespace levada::agent

#include "agent/status/metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/observe/open_gauge.h"
#include "agent/status/test_bench.h"

namespace levada::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::StatusBench;

std::string text_of(StatusBench& bench) { return metrics_text(bench.watched, *bench.view(), {}); }

TEST(MetricsText, HasEveryCounterOfEveryComponent) {
  StatusBench bench;
  bench.metrics.counter("sources.in", "rows_read").add(7);
  bench.metrics.counter("sources.in", "milliseconds_waited").add(1500);
  bench.metrics.counter("sinks.out", "files.strange-name").add(2);
  bench.metrics.counter("sinks.out", "pattern_rows:lvl_error").add(4);
  bench.metrics.counter("sinks.gone", "rows_written").add(9);
  const auto text = text_of(bench);
  EXPECT_THAT(text, HasSubstr("# TYPE levada_rows_read_total counter\n"
                              "levada_rows_read_total{kind=\"source\",component=\"in\",type=\"spool\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("levada_waited_seconds_total{kind=\"source\",component=\"in\",type=\"spool\"} 1.5\n"));
  EXPECT_THAT(text, HasSubstr("levada_files_strange_name_total{kind=\"sink\",component=\"out\",type=\"file\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE levada_pattern_rows_total counter\n"
                              "levada_pattern_rows_total{kind=\"sink\",component=\"out\",type=\"file\","
                              "name=\"lvl_error\"} 4\n"));
  EXPECT_THAT(text, Not(HasSubstr("gone")));
  EXPECT_THAT(text, HasSubstr("levada_build_info{version=\"1.2.3\""));
}

TEST(MetricsText, TellsGaugesFromCounters) {
  StatusBench bench;
  bench.metrics.gauge("channels.main", "rows_waiting").set(12);
  bench.metrics.gauge("sources.in", "oldest_unacknowledged_since").set((bench.time - std::chrono::seconds(5)).count());
  OpenGauge sink(bench.metrics, "sinks.out");
  bench.backlogs.show("sources.in", {{.name = "a", .done = 30, .total = 100}, {.count = 2, .total = 50}});
  const auto text = text_of(bench);
  EXPECT_THAT(text, HasSubstr("# TYPE levada_channel_rows gauge\n"
                              "levada_channel_rows{kind=\"channel\",component=\"main\",type=\"memory\"} 12\n"));
  EXPECT_THAT(text,
              HasSubstr("levada_oldest_unacknowledged_seconds{kind=\"source\",component=\"in\",type=\"spool\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("levada_up{kind=\"sink\",component=\"out\",type=\"file\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("levada_lag_bytes{kind=\"source\",component=\"in\",type=\"spool\"} 120\n"));
  EXPECT_THAT(text, HasSubstr("levada_lag_files{kind=\"source\",component=\"in\",type=\"spool\"} 3\n"));
  sink.works();
  EXPECT_THAT(text_of(bench), HasSubstr("levada_up{kind=\"sink\",component=\"out\",type=\"file\"} 1\n"));
}

TEST(MetricsText, ReasonsHaveNothingOfTheData) {
  EXPECT_EQ(reason_label("line offset 12, file offset 3456: trailing comma before '}'"),
            "line offset ##, file offset ####: trailing comma before '_'");
  EXPECT_EQ(reason_label("the column \"secret\" is not \"more\" good"), "the column '_' good");
  EXPECT_EQ(reason_label("found 'it's \"my\" secret' here"), "found '_' here");
  EXPECT_EQ(reason_label("found '"), "found");
  EXPECT_EQ(reason_label("\xff\xfe"), "other reasons");
  EXPECT_EQ(reason_label(""), "other reasons");
  EXPECT_EQ(reason_label(std::string(1000, 'x')).size(), 80u);
}

TEST(MetricsText, ThereAreFewReasons) {
  StatusBench bench;
  std::vector<LatestLetters::Reason> reasons;
  for (char c = 'a'; c <= 'z'; ++c) reasons.push_back({"sinks.out", std::string(3, c), 1});
  Batch letter(26);
  letter.set(repeat("reason", "x", 26));
  bench.letters.add(reasons, letter);
  const auto text = text_of(bench);
  EXPECT_THAT(text, HasSubstr("component=\"out\",type=\"file\",reason=\"aaa\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("component=\"out\",type=\"file\",reason=\"other reasons\"} 10\n"));
  EXPECT_THAT(text, Not(HasSubstr("zzz")));
}

}  // namespace
}  // namespace levada::agent

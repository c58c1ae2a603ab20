#include "agent/cli/top_screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/config/json_parser.h"

namespace levada::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(TopScreen, WritesNumbersShort) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.25), "0.2");
  EXPECT_EQ(short_number(12), "12");
  EXPECT_EQ(short_number(999.4), "999");
  EXPECT_EQ(short_number(999.6), "1.00 k");
  EXPECT_EQ(short_number(1234567), "1.23 M");
  EXPECT_EQ(short_number(45600), "45.6 k");
  EXPECT_EQ(short_number(2.5e15), "2500 T");
  EXPECT_EQ(short_bytes(512), "512 B");
  EXPECT_EQ(short_bytes(1536), "1.5 KiB");
  EXPECT_EQ(short_bytes(1 << 30), "1.0 GiB");
  EXPECT_EQ(short_time(59.2), "1 min");
  EXPECT_EQ(short_time(3), "3 s");
  EXPECT_EQ(short_time(3725), "1 h 2 min");
  EXPECT_EQ(short_time(200000), "2 d 7 h");
}

Node status() {
  Diagnostics diagnostics;
  return *parse_json(R"({"version":"1.2","time":200.5,"start":100,
    "process":{"cpu":0.5,"resident_bytes":1048576,"memory_bytes":1024,"memory_limit_bytes":2048},
    "health":{"problems":[{"component":"sinks.out","what":"fails","seconds":3}]},"dead_letters":1234,
    "components":[
     {"path":"sources.in","kind":"source","name":"in","type":"spool","counters":{"rows_read":1000000},
      "rates":{"rows_read":2500,"bytes_read":2048},"state":"works","oldest_unacknowledged_seconds":75,
      "backlog":{"unit":"bytes","left":4096,"shrinks":1024,"seconds_left":4,
                 "items":[{"name":"a.ndjson","count":1,"done":50,"total":100}]}},
     {"path":"channels.main","kind":"channel","name":"main","type":"memory","counters":{},"rates":{},
      "rows_waiting":12,"bytes_waiting":100,"capacity_bytes":1024,"shrinks":-5,"seconds_left":null},
     {"path":"sinks.out","kind":"sink","name":"out","type":"kafka","counters":{"rows_written":7,"rows_rejected":3},
      "rates":{"rows_written":0},"state":"fails"}]})",
                     "", diagnostics);
}

TEST(TopScreen, ShowsComponentsWithWhatMatters) {
  const auto screen = top_screen(status(), 0, false);
  EXPECT_THAT(screen, HasSubstr("levada 1.2  up 1 min 41 s  CPU 0.50  memory for rows 1.0 KiB of 2.0 KiB"));
  EXPECT_THAT(screen, HasSubstr("dead letters 1,234\nsinks.out fails\n"));
  EXPECT_THAT(screen, HasSubstr("sources.in     spool   2.50 k  2.0 KiB  1,000,000         -           "
                                "4.0 KiB to read, about 4 s, a.ndjson 50 %, oldest rows 1 min 15 s\n"));
  EXPECT_THAT(screen, HasSubstr("12  100 B of 1.0 KiB, grows\n"));
  EXPECT_THAT(screen, HasSubstr("          7         3           fails\n"));
  EXPECT_THAT(screen, Not(HasSubstr("\x1b")));
}

TEST(TopScreen, KeepsToTheWidthOfTheTerminal) {
  const auto screen = top_screen(status(), 40, false);
  for (size_t at = 0; at < screen.size();) {
    const auto end = screen.find('\n', at);
    EXPECT_LE(end - at, 40u);
    at = end + 1;
  }
  EXPECT_THAT(top_screen(status(), 40, true), HasSubstr("\x1b[1mlevada"));
}

TEST(TopScreen, AnAgentThatSaysNothingIsNoProblem) {
  Diagnostics diagnostics;
  EXPECT_THAT(top_screen(*parse_json("{}", "", diagnostics), 0, false), HasSubstr("levada"));
}

}  // namespace
}  // namespace levada::agent

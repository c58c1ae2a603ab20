#include "agent/cli/supervision.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "agent/observe/log.h"
#include "agent/observe/test_support.h"
#include "levada/testkit/manual_clock.h"

namespace levada::agent {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using Texts = std::vector<std::string>;

constexpr const char* kMore = "EXTEND_TIMEOUT_USEC=15000000";

struct SupervisionTest : ::testing::Test {
  const testing::ListeningSocket systemd;
  const testing::ScopedVariable socket{"NOTIFY_SOCKET", systemd.path()};
  const testing::ScopedVariable timeout{"WATCHDOG_USEC", "30000000"};
  const Notifier notifier;
  testkit::ManualClock clock;
  Progress progress;
  Metrics metrics;
  Supervision supervision{notifier, progress, metrics, *clock.table(), 20s};
  bool is_stopping = false;

  SupervisionTest() { set_log_level(LEVADA_ERROR + 1); }
  // What systemd hears in so many seconds, without the status.
  Texts hear(int seconds) {
    auto all = systemd.take();
    for (int second = 0; second < seconds; ++second) {
      clock.advance(1s);
      supervision.every_second(is_stopping);
      // A socket holds few datagrams.
      std::ranges::move(systemd.take(), std::back_inserter(all));
    }
    std::erase_if(all, [](const auto& each) { return each.starts_with("STATUS="); });
    return all;
  }
};

TEST_F(SupervisionTest, asks_for_more_time_until_the_agent_has_started) {
  EXPECT_THAT(hear(3), Contains(kMore).Times(3));
  supervision.started();
  EXPECT_THAT(hear(3), Not(Contains(kMore)));
}

TEST_F(SupervisionTest, vouches_at_half_of_the_timeout) {
  supervision.started();
  EXPECT_THAT(hear(1), Contains("READY=1"));
  EXPECT_THAT(hear(13), IsEmpty());
  EXPECT_THAT(hear(1), ElementsAre("WATCHDOG=1"));
}

TEST_F(SupervisionTest, does_not_vouch_for_what_is_stuck) {
  supervision.started();
  Progress::Turns kafka(&progress, "sinks.kafka");
  kafka.begin(clock.monotonic());
  hear(30);
  EXPECT_THAT(hear(60), IsEmpty());
  EXPECT_EQ(supervision.status(), "running: rows read 0, written 0, rejected 0; stuck: sinks.kafka");
  kafka.begin(clock.monotonic());
  EXPECT_THAT(hear(1), ElementsAre("WATCHDOG=1"));
  EXPECT_EQ(supervision.status(), "running: rows read 0, written 0, rejected 0");
}

TEST_F(SupervisionTest, vouches_while_components_only_wait_or_have_failed) {
  supervision.started();
  Progress::Turns kafka(&progress, "sinks.kafka"), idle(&progress, "sources.idle");
  kafka.begin(clock.monotonic());
  kafka.fail();
  EXPECT_THAT(hear(60), Contains("WATCHDOG=1").Times(5));
  EXPECT_EQ(supervision.status(), "running: rows read 0, written 0, rejected 0; failed: sinks.kafka");
}

TEST_F(SupervisionTest, asks_for_more_time_to_stop_but_not_for_ever) {
  supervision.started();
  hear(1);
  is_stopping = true;
  EXPECT_THAT(hear(1), ElementsAre("STOPPING=1", kMore));
  EXPECT_THAT(hear(20), Contains(kMore).Times(20));
  EXPECT_THAT(hear(20), Not(Contains(kMore)));
  supervision.closing();
  EXPECT_THAT(hear(0), ElementsAre("EXTEND_TIMEOUT_USEC=35000000"));
}

TEST_F(SupervisionTest, tells_how_it_is_when_that_has_changed) {
  supervision.started();
  for (int second = 0; second < 15; ++second) {
    clock.advance(1s);
    supervision.every_second(false);
    if (second == 7) metrics.counter("sources.a", "rows_read").add(1234);
  }
  auto all = systemd.take();
  std::erase_if(all, [](const auto& each) { return !each.starts_with("STATUS="); });
  EXPECT_THAT(all, ElementsAre("STATUS=running: rows read 0, written 0, rejected 0",
                               "STATUS=running: rows read 1,234, written 0, rejected 0"));
}

}  // namespace
}  // namespace levada::agent

// A line that repeats is shown once a minute, with a count.
#include "kafka/log_limiter.h"

#include <gtest/gtest.h>

#include "levada/testkit/fake_host.h"

namespace levada {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

TEST(LogLimiter, shows_lines_that_differ_in_numbers_only_once_a_minute) {
  testkit::FakeHost host;
  LogLimiter log(host.host());
  log.write(3, "FAIL", "127.0.0.1:9092/1: Connection refused (after 0ms)");
  log.write(3, "FAIL", "127.0.0.1:9092/1: Connection refused (after 7ms, 30 identical errors)");
  log.write(3, "FAIL", "127.0.0.1:9092/2: Connection refused");
  log.write(3, "FAIL", "127.0.0.1:9092/1: Broken pipe");
  EXPECT_EQ(log.last_problem(), "127.0.0.1:9092/1: Broken pipe");
  host.clock().advance(60s);
  log.write(3, "FAIL", "127.0.0.1:9092/1: Connection refused (after 1ms)");
  EXPECT_EQ(host.log(), (Strings{"WARNING librdkafka: 127.0.0.1:9092/1: Connection refused (after 0ms)",
                                 "WARNING librdkafka: 127.0.0.1:9092/1: Broken pipe",
                                 "WARNING librdkafka: 127.0.0.1:9092/1: Connection refused (after 1ms) (and 2 like it "
                                 "since it was last shown)"}));
}

TEST(LogLimiter, keeps_the_level) {
  testkit::FakeHost host;
  LogLimiter log(host.host());
  log.write(6, "INFO", "hello");
  log.write(7, "DEBUG", "details");
  EXPECT_EQ(host.log(), (Strings{"INFO librdkafka: hello", "DEBUG librdkafka: details"}));
}

}  // namespace
}  // namespace levada

// Work that is under way while its owner does something else.
#include "postgres/worker.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

#include "levada/testkit/fake_host.h"

namespace levada::postgres {
namespace {

using namespace std::chrono_literals;

TEST(Worker, is_through_when_its_work_is) {
  testkit::FakeHost host;
  Worker worker(host.host());
  std::promise<void> may_end;
  worker.start([&] {
    may_end.get_future().wait();
    return Done();
  });
  EXPECT_TRUE(worker.is_busy());
  EXPECT_FALSE(worker.wait(0ns));
  may_end.set_value();
  const auto done = worker.wait(60s);
  ASSERT_TRUE(done);
  EXPECT_TRUE(*done);
  EXPECT_FALSE(worker.is_busy());
}

TEST(Worker, does_one_thing_after_the_other_and_says_what_failed) {
  testkit::FakeHost host;
  Worker worker(host.host());
  worker.start([] { return Done(retry("later")); });
  EXPECT_EQ((*worker.wait(60s)).error().message, "later");
  worker.start([]() -> Done { throw std::runtime_error("broken"); });
  EXPECT_EQ((*worker.wait(60s)).error().message, "broken");
}

TEST(Worker, forgets_what_nobody_asked_for_when_it_stops_and_starts_again) {
  testkit::FakeHost host;
  Worker worker(host.host());
  worker.start([] { return Done(fatal("forgotten")); });
  worker.stop();
  EXPECT_FALSE(worker.is_busy());
  worker.start([] { return Done(); });
  EXPECT_TRUE(*worker.wait(60s));
}

TEST(Worker, a_wake_ends_a_wait_or_the_next_one) {
  testkit::FakeHost host;
  Worker worker(host.host());
  worker.wake();
  EXPECT_FALSE(worker.wait(std::chrono::hours(1)));
  auto waked = std::async(std::launch::async, [&] { return worker.wait(std::chrono::hours(1)).has_value(); });
  worker.wake();
  EXPECT_FALSE(waked.get());
}

}  // namespace
}  // namespace levada::postgres

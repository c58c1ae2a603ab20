#include "agent/cli/reload/reloader.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <semaphore>
#include <string>

#include "agent/observe/log.h"

namespace levada::agent {
namespace {

using Reloaded = ReloadAnswer::Outcome;

// A reload that ends when the test says so; the answer is its number.
class ReloaderTest : public testing::Test {
 protected:
  ReloaderTest() { set_log_level(LEVADA_ERROR + 1); }
  ReloadAnswer count() {
    const int number = ++begun;
    running.release();
    may_end.acquire();
    return not_reloaded(Reloaded::refused, {std::to_string(number)});
  }
  static std::string number_of(std::future<ReloadAnswer>& answer) { return answer.get().errors.at(0); }

  std::atomic<int> begun{0};
  std::counting_semaphore<> running{0}, may_end{0};
};

TEST_F(ReloaderTest, answers_who_waits_for_it) {
  Reloader reloader([this] { return count(); });
  may_end.release();
  EXPECT_EQ(reloader.reload().errors, std::vector<std::string>{"1"});
}

TEST_F(ReloaderTest, makes_one_more_of_all_requests_that_come_while_one_runs) {
  {
    Reloader reloader([this] { return count(); });
    reloader.request();
    running.acquire();
    for (int each = 0; each < 5; ++each) reloader.request();
    auto first = std::async(std::launch::async, [&] { return reloader.reload(); });
    auto second = std::async(std::launch::async, [&] { return reloader.reload(); });
    may_end.release();
    // Who asks while the second one runs waits for another.
    running.acquire();
    may_end.release(10);
    first.wait();
    second.wait();
    for (auto* each : {&first, &second}) EXPECT_GE(std::stoi(number_of(*each)), 2);
  }
  EXPECT_GE(begun, 2);
  EXPECT_LE(begun, 4);
}

TEST_F(ReloaderTest, tells_who_waits_that_the_agent_is_stopping) {
  Reloader reloader([this] { return count(); });
  reloader.request();
  running.acquire();
  auto waits = std::async(std::launch::async, [&] { return reloader.reload(); });
  auto stopped = std::async(std::launch::async, [&] { reloader.stop(); });
  EXPECT_EQ(waits.get().outcome, Reloaded::stopped);
  may_end.release();
  stopped.wait();
  EXPECT_EQ(reloader.reload().outcome, Reloaded::stopped);
  EXPECT_EQ(begun, 1);
}

}  // namespace
}  // namespace levada::agent

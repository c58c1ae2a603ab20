// The connection fails at each command in turn, or the agent dies there: each row is in Redis once,
// and the checkpoint is that of the rows.
#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/fault_step.h"
#include "redis.h"
#include "redis/fake_redis.h"

namespace levada::redis_sink {
namespace {

using namespace std::chrono_literals;
using redis::FakeRedis;
using Fault = FakeRedis::Fault;

constexpr uint64_t kRows = 6;

// Does with the sink what the host does, until all rows are committed.
class FaultBench {
 public:
  explicit FaultBench(RedisSettings::Mode mode) {
    settings_.address = server_.address();
    settings_.mode = mode;
    settings_.key = "rows";
    settings_.value = "body";
    settings_.ttl = 1min;
    settings_.timeout = 50ms;
  }
  FakeRedis& server() { return server_; }

  // Until all is committed, or the first failure where it `dies`.
  void run(bool dies = false) {
    auto sink = Redis::create(settings_, host_.host());
    ASSERT_TRUE(sink) << sink.error().message;
    bool recovered = false;
    for (int calls = 0; calls < 100; ++calls) {
      const Done done = recovered ? step(**sink) : recover(**sink);
      if (committed_ == kRows) return;
      if (done) {
        recovered = true;
        continue;
      }
      ASSERT_EQ(done.code(), Code::retry) << done.error().message;
      if (dies) return;
      recovered = false;
    }
    FAIL() << "it does not come to an end";
  }

  std::string fault() const {
    std::vector<FakeRedis::Texts> expected;
    for (uint64_t row = 0; row < kRows; ++row) expected.push_back({std::to_string(row)});
    const auto found = server_.value("rows").entries;
    if (found.size() != expected.size()) return std::to_string(found.size()) + " rows";
    return found == expected ? "" : "other rows, or in another order";
  }

 private:
  Done recover(Redis& sink) {
    LEVADA_TRY(sink.open());
    const auto positions = sink.recover();
    if (!positions) return positions.error();
    uint64_t named = 0;
    for (const auto& position : *positions)
      if (position.stream == "rows") named = position.sequence;
    EXPECT_GE(named, committed_) << "a commit is gone";
    EXPECT_EQ(server_.value("rows").entries.size(), named) << "rows and checkpoint are of one step";
    committed_ = named;
    return {};
  }

  Done step(Redis& sink) {
    for (uint64_t row = committed_; row < committed_ + 2; ++row) {
      auto batch = testkit::batch_of({std::to_string(row)});
      LEVADA_TRY(sink.write(batch, 0ns));
    }
    const uint64_t epoch = committed_ / 2 + 1;
    const Checkpoint checkpoint = {{{"@epoch", "", epoch}, {"rows", "p", committed_ + 2}}, epoch};
    for (;;) {
      Batch rejected;
      const Done done = sink.commit(checkpoint, 1s, rejected);
      if (done.code() == Code::idle) continue;
      LEVADA_TRY(done);
      committed_ += 2;
      return {};
    }
  }

  FakeRedis server_;
  testkit::FakeHost host_;
  RedisSettings settings_;
  uint64_t committed_ = 0;
};

int64_t commands_without_faults() {
  FaultBench bench(RedisSettings::Mode::list);
  bench.run();
  EXPECT_EQ(bench.fault(), "");
  return bench.server().commands();
}

TEST(RedisFaults, each_row_is_there_once_whichever_command_the_connection_fails_at) {
  const auto commands = commands_without_faults();
  ASSERT_GT(commands, 30);
  for (const auto fault : {Fault::before, Fault::after}) {
    for (int64_t n = 1; n <= commands; ++n) {
      SCOPED_TRACE("command " + std::to_string(n) + (fault == Fault::after ? ", the answer is lost" : ""));
      FaultBench bench(RedisSettings::Mode::list);
      bench.server().fail_at(n, fault);
      bench.run();
      ASSERT_EQ(bench.fault(), "");
    }
  }
}

TEST(RedisFaults, each_row_is_there_once_wherever_the_agent_dies) {
  const auto commands = commands_without_faults();
  for (const auto fault : {Fault::before, Fault::after}) {
    for (int64_t n = 1; n <= commands; ++n) {
      SCOPED_TRACE("command " + std::to_string(n) + (fault == Fault::after ? ", the answer is lost" : ""));
      FaultBench bench(RedisSettings::Mode::list);
      bench.server().fail_at(n, fault);
      bench.run(true);
      bench.run();
      ASSERT_EQ(bench.fault(), "");
    }
  }
}

TEST(RedisFaults, each_row_is_there_once_where_a_second_command_fails_while_it_recovers) {
  const auto commands = commands_without_faults();
  for (int64_t n = 1; n <= commands; n += testkit::kFaultStep) {
    for (int64_t more = 1; more <= 9; ++more) {
      SCOPED_TRACE("commands " + std::to_string(n) + " and " + std::to_string(n + more));
      FaultBench bench(RedisSettings::Mode::list);
      bench.server().fail_at(n, Fault::after);
      bench.run(true);
      bench.server().fail_at(more, Fault::after);
      bench.run();
      ASSERT_EQ(bench.fault(), "");
    }
  }
}

TEST(RedisFaults, a_server_that_falls_silent_loses_nothing) {
  const auto commands = commands_without_faults();
  for (int64_t n = 1; n <= commands; n += 5) {
    SCOPED_TRACE("command " + std::to_string(n));
    FaultBench bench(RedisSettings::Mode::list);
    bench.server().fail_at(n, Fault::silent);
    bench.run();
    ASSERT_EQ(bench.fault(), "");
  }
}

}  // namespace
}  // namespace levada::redis_sink

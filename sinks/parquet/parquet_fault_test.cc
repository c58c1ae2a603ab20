// The disk fails at each call in turn, fills up, or the process or the machine dies at each call in
// turn.
#include <gtest/gtest.h>

#include <cerrno>

#include "levada/testkit/fault_step.h"
#include "levada/testkit/sink_fault_bench.h"
#include "parquet.h"
#include "read_rows.h"

namespace levada::parquet_sink {
namespace {

using testkit::kFaultStep;
using testkit::Lose;

struct TestBench : testkit::SinkFaultBench {
  explicit TestBench(const ParquetSettings& settings, int seed = 0)
      : SinkFaultBench(
            [settings](Host host) -> Result<std::unique_ptr<Sink>> {
              auto made = ParquetSink::create(settings, host);
              if (!made) return std::move(made).error();
              return std::unique_ptr<Sink>(*std::move(made));
            },
            read_rows, seed) {}
};

ParquetSettings settings() {
  ParquetSettings settings;
  settings.path = "/out";
  settings.partition_by = {"host"};
  settings.compression = lake::Compression::none;
  settings.roll_rows = 3;
  return settings;
}

int64_t calls_without_faults(const ParquetSettings& settings) {
  TestBench bench(settings);
  const auto before = bench.files().calls();
  EXPECT_TRUE(bench.run());
  EXPECT_EQ(bench.fault(), "");
  return bench.files().calls() - before;
}

// What failed while the sink was closed is done at the next start.
void expect_each_row_once(TestBench& bench) {
  ASSERT_TRUE(bench.run());
  ASSERT_TRUE(bench.run());
  ASSERT_EQ(bench.fault(), "");
}

TEST(ParquetFaults, whichever_call_fails_each_row_is_there_once) {
  const auto calls = calls_without_faults(settings());
  ASSERT_GT(calls, 100);
  for (const int error : {EIO, ENOSPC}) {
    for (int64_t n = 1; n <= calls; n += kFaultStep) {
      SCOPED_TRACE("call " + std::to_string(n));
      TestBench bench(settings());
      bench.files().fail_call(n, error);
      expect_each_row_once(bench);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(ParquetFaults, whichever_two_calls_fail_each_row_is_there_once) {
  const auto calls = calls_without_faults(settings());
  for (int64_t n = 1; n <= calls; n += kFaultStep) {
    for (int64_t more = 1 + n % 4; more <= 16; more += 4) {
      SCOPED_TRACE("calls " + std::to_string(n) + " and " + std::to_string(n + more));
      TestBench bench(settings());
      bench.files().fail_call(n, EIO);
      bench.files().fail_call(n + more, EIO);
      expect_each_row_once(bench);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(ParquetFaults, a_write_that_stops_halfway_goes_on) {
  for (int64_t n = 1; n <= 60; n += kFaultStep) {
    SCOPED_TRACE("write " + std::to_string(n));
    TestBench bench(settings());
    bench.files().short_write_at(n);
    expect_each_row_once(bench);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(ParquetFaults, wherever_the_disk_is_full_it_goes_on_when_there_is_room_again) {
  bool full = true;
  for (uint64_t bytes = 0; full; bytes += 67 * kFaultStep) {
    SCOPED_TRACE(std::to_string(bytes) + " bytes free");
    TestBench bench(settings());
    bench.files().set_free_bytes(bytes);
    full = false;
    bench.set_relief([&] {
      bench.files().set_free_bytes(1 << 20);
      full = true;
    });
    expect_each_row_once(bench);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(ParquetFaults, wherever_it_dies_each_row_is_there_once_and_nothing_else) {
  const auto calls = calls_without_faults(settings());
  for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn}) {
    const int seeds = lose == Lose::torn ? 3 : 1;
    for (int64_t n = 1; n <= calls * seeds; n += kFaultStep) {
      SCOPED_TRACE("call " + std::to_string(n));
      TestBench bench(settings(), static_cast<int>(n % seeds));
      bench.die_at((n + seeds - 1) / seeds);
      bench.run();
      bench.crash(lose);
      expect_each_row_once(bench);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(ParquetFaults, it_dies_again_while_it_recovers) {
  const auto calls = calls_without_faults(settings());
  for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn}) {
    for (int64_t n = 1; n <= calls; n += kFaultStep) {
      for (int64_t again = 1 + n % 13; again <= 39; again += 13) {
        SCOPED_TRACE("calls " + std::to_string(n) + " and " + std::to_string(again));
        TestBench bench(settings());
        for (const auto at : {n, again}) {
          bench.die_at(at);
          bench.run();
          bench.crash(lose);
        }
        expect_each_row_once(bench);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

// A commit whose last call fails may have happened: it must be undone before its rows are cut off.
TEST(ParquetFaults, a_call_fails_and_then_it_dies) {
  const auto calls = calls_without_faults(settings());
  for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn}) {
    for (int64_t n = 1; n <= calls; n += kFaultStep) {
      for (int64_t more = 1 + n % 4; more <= 12; more += 4) {
        SCOPED_TRACE("calls " + std::to_string(n) + " and " + std::to_string(n + more));
        TestBench bench(settings());
        bench.files().fail_call(n, EIO);
        bench.die_at(n + more);
        bench.run();
        bench.crash(lose);
        expect_each_row_once(bench);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace levada::parquet_sink

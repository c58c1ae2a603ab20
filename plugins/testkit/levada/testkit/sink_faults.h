// Every fault in turn, for a sink on a SinkFaultBench: whatever fails, or wherever it dies, each
// row is there once. `make(seed)` gives a fresh bench. For tests with GoogleTest.
#pragma once

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "levada/testkit/fault_step.h"
#include "levada/testkit/sink_fault_bench.h"

namespace levada::testkit {

template <class Make>
int64_t calls_without_faults(Make make) {
  SinkFaultBench bench = make(0);
  const auto before = bench.files().calls();
  EXPECT_TRUE(bench.run());
  EXPECT_EQ(bench.fault(), "");
  return bench.files().calls() - before;
}

// What failed while the sink was closed is done at the next start.
inline void expect_each_row_once(SinkFaultBench& bench) {
  ASSERT_TRUE(bench.run());
  ASSERT_TRUE(bench.run());
  ASSERT_EQ(bench.fault(), "");
}

template <class Make>
void each_call_fails(Make make) {
  const auto calls = calls_without_faults(make);
  ASSERT_GT(calls, 100);
  for (const int error : {EIO, ENOSPC}) {
    for (int64_t n = 1; n <= calls; n += kFaultStep) {
      SCOPED_TRACE("call " + std::to_string(n));
      SinkFaultBench bench = make(0);
      bench.files().fail_call(n, error);
      expect_each_row_once(bench);
      if (testing::Test::HasFailure()) return;
    }
  }
}

// Each call, and one of the 16 behind it: every `step`th of them, others for each call.
template <class Make>
void two_calls_fail(Make make, int64_t step) {
  const auto calls = calls_without_faults(make);
  for (int64_t n = 1; n <= calls; n += kFaultStep) {
    for (int64_t more = 1 + n % step; more <= 16; more += step) {
      SCOPED_TRACE("calls " + std::to_string(n) + " and " + std::to_string(n + more));
      SinkFaultBench bench = make(0);
      bench.files().fail_call(n, EIO);
      bench.files().fail_call(n + more, EIO);
      expect_each_row_once(bench);
      if (testing::Test::HasFailure()) return;
    }
  }
}

template <class Make>
void each_write_stops_halfway(Make make, int64_t writes) {
  for (int64_t n = 1; n <= writes; n += kFaultStep) {
    SCOPED_TRACE("write " + std::to_string(n));
    SinkFaultBench bench = make(0);
    bench.files().short_write_at(n);
    expect_each_row_once(bench);
    if (testing::Test::HasFailure()) return;
  }
}

// At each byte, or every `step`th; then there is room again.
template <class Make>
void disk_is_full(Make make, uint64_t step) {
  bool full = true;
  for (uint64_t bytes = 0; full; bytes += step * kFaultStep) {
    SCOPED_TRACE(std::to_string(bytes) + " bytes free");
    SinkFaultBench bench = make(0);
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

// At each call, or every `step`th.
template <class Make>
void dies_at_each_call(Make make, int64_t step = 1) {
  const auto calls = calls_without_faults(make);
  for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn}) {
    const int seeds = lose == Lose::torn ? 3 : 1;
    for (int64_t n = 1; n <= calls * seeds; n += step * kFaultStep) {
      SCOPED_TRACE("call " + std::to_string(n));
      SinkFaultBench bench = make(static_cast<int>(n % seeds));
      bench.die_at((n + seeds - 1) / seeds);
      bench.run();
      bench.crash(lose);
      expect_each_row_once(bench);
      if (testing::Test::HasFailure()) return;
    }
  }
}

// At each call first, or at every `step`th.
template <class Make>
void dies_again_while_it_recovers(Make make, int64_t step = 1) {
  const auto calls = calls_without_faults(make);
  for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn}) {
    for (int64_t n = 1; n <= calls; n += step * kFaultStep) {
      for (int64_t again = 1 + n % 13; again <= 39; again += 13) {
        SCOPED_TRACE("calls " + std::to_string(n) + " and " + std::to_string(again));
        SinkFaultBench bench = make(0);
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
// At each call, or every `step`th.
template <class Make>
void fails_and_then_dies(Make make, int64_t step = 1) {
  const auto calls = calls_without_faults(make);
  for (const auto lose : {Lose::nothing, Lose::unsynced, Lose::torn}) {
    for (int64_t n = 1; n <= calls; n += step * kFaultStep) {
      for (int64_t more = 1 + n % 4; more <= 12; more += 4) {
        SCOPED_TRACE("calls " + std::to_string(n) + " and " + std::to_string(n + more));
        SinkFaultBench bench = make(0);
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

}  // namespace levada::testkit

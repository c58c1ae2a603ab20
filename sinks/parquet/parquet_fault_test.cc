// The disk fails at each call in turn, fills up, or the process or the machine dies at each call in
// turn.
#include <gtest/gtest.h>

#include "levada/testkit/sink_faults.h"
#include "parquet.h"
#include "read_rows.h"

namespace levada::parquet_sink {
namespace {

// Of files without compression, which is the same for every fault.
testkit::SinkFaultBench bench(int seed) {
  ParquetSettings settings;
  settings.path = "/out";
  settings.partition_by = {"host"};
  settings.compression = lake::Compression::none;
  settings.roll_rows = 3;
  return testkit::SinkFaultBench(
      [settings](Host host) -> Result<std::unique_ptr<Sink>> {
        auto made = ParquetSink::create(settings, host);
        if (!made) return std::move(made).error();
        return std::unique_ptr<Sink>(*std::move(made));
      },
      read_rows, seed);
}

TEST(ParquetFaults, whichever_call_fails_each_row_is_there_once) { testkit::each_call_fails(bench); }

TEST(ParquetFaults, whichever_two_calls_fail_each_row_is_there_once) { testkit::two_calls_fail(bench, 4); }

TEST(ParquetFaults, a_write_that_stops_halfway_goes_on) { testkit::each_write_stops_halfway(bench, 60); }

TEST(ParquetFaults, wherever_the_disk_is_full_it_goes_on_when_there_is_room_again) { testkit::disk_is_full(bench, 67); }

TEST(ParquetFaults, wherever_it_dies_each_row_is_there_once_and_nothing_else) { testkit::dies_at_each_call(bench); }

TEST(ParquetFaults, it_dies_again_while_it_recovers) { testkit::dies_again_while_it_recovers(bench); }

TEST(ParquetFaults, a_call_fails_and_then_it_dies) { testkit::fails_and_then_dies(bench); }

}  // namespace
}  // namespace levada::parquet_sink

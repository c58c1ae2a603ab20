// The disk fails at each call in turn, fills up, or the process or the machine dies at each call in
// turn: with a store that puts files together by itself, as HDFS does, and with one that cannot.
#include <gtest/gtest.h>

#include "files/unpack_avro.h"
#include "levada/testkit/sink_faults.h"
#include "sink_bench.h"

namespace levada::hdfs_sink {
namespace {

std::vector<std::string> rows_of(files::Compressor::Kind kind, const std::string& content) {
  const auto text = files::unpack(kind, content);
  if (!text.ends_with('\n')) return {"a file without its end: " + text};
  std::vector<std::string> rows;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    rows.push_back(text.substr(at, text.find('\n', at) - at));
  return rows;
}

auto maker_of(const HdfsSettings& settings, bool concatenates) {
  return [=](Host host) -> Result<std::unique_ptr<Sink>> {
    auto made = concatenates ? HdfsSink::create_in(settings, host, std::make_unique<ConcatenatingStore>("/out", host))
                             : HdfsSink::create(settings, host);
    if (!made) return std::move(made).error();
    return std::unique_ptr<Sink>(*std::move(made));
  };
}

HdfsSettings settings_of(files::Compressor::Kind compression) {
  HdfsSettings settings;
  settings.path = "/out/{host}";
  settings.roll_rows = 3;
  settings.compression = compression;
  return settings;
}

auto bench_of(bool concatenates, files::Compressor::Kind compression = files::Compressor::Kind::none) {
  return [=](int seed) {
    return testkit::SinkFaultBench(
        maker_of(settings_of(compression), concatenates),
        [=](const std::string& content) { return rows_of(compression, content); }, seed);
  };
}

auto avro_bench(bool concatenates) {
  auto settings = settings_of(files::Compressor::Kind::gzip);
  settings.format = HdfsSettings::Format::avro;
  return [=](int seed) {
    return testkit::SinkFaultBench(
        maker_of(settings, concatenates),
        [](const std::string& content) {
          std::vector<std::string> rows;
          for (auto& row : files::avro_strings(content, 2)) rows.push_back(std::move(row[0]));
          return rows;
        },
        seed, "text");
  };
}

class HdfsFaults : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Stores, HdfsFaults, testing::Values(true, false),
                         [](const auto& store) { return std::string(store.param ? "concatenates" : "copies"); });

TEST_P(HdfsFaults, whichever_call_fails_each_row_is_there_once) {
  testkit::each_call_fails(bench_of(GetParam()));
  testkit::each_call_fails(bench_of(GetParam(), files::Compressor::Kind::snappy));
  testkit::each_call_fails(avro_bench(GetParam()));
}

TEST_P(HdfsFaults, whichever_two_calls_fail_each_row_is_there_once) {
  testkit::two_calls_fail(bench_of(GetParam()), 4);
}

TEST_P(HdfsFaults, a_write_that_stops_halfway_goes_on) { testkit::each_write_stops_halfway(bench_of(GetParam()), 100); }

TEST_P(HdfsFaults, wherever_the_disk_is_full_it_goes_on_when_there_is_room_again) {
  testkit::disk_is_full(bench_of(GetParam()), 7);
}

TEST_P(HdfsFaults, wherever_it_dies_each_row_is_there_once_and_nothing_else) {
  testkit::dies_at_each_call(bench_of(GetParam()), 2);
  testkit::dies_at_each_call(avro_bench(GetParam()), 3);
}

TEST_P(HdfsFaults, it_dies_again_while_it_recovers) { testkit::dies_again_while_it_recovers(bench_of(GetParam()), 7); }

TEST_P(HdfsFaults, a_call_fails_and_then_it_dies) { testkit::fails_and_then_dies(bench_of(GetParam()), 3); }

}  // namespace
}  // namespace levada::hdfs_sink

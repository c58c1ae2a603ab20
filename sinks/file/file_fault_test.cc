// The disk fails at each call in turn, fills up at each byte, or the process or the
// machine dies at each call in turn.
#include <gtest/gtest.h>

#include "file.h"
#include "files/unpack.h"
#include "files/unpack_avro.h"
#include "levada/testkit/sink_faults.h"

namespace levada::file_sink {
namespace {

// The rows of a file by its settings.
std::vector<std::string> rows_of(const FileSettings& settings, const std::string& content) {
  auto text = files::unpack(settings.compression, content);
  if (!text.ends_with("\nEND\n")) return {"a file without its end: " + text};
  text.resize(text.size() - 4);
  std::vector<std::string> rows;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
    rows.push_back(text.substr(at, text.find('\n', at) - at));
  return rows;
}

auto maker_of(const FileSettings& settings) {
  return [settings](Host host) -> Result<std::unique_ptr<Sink>> {
    auto made = FileSink::create(settings, host);
    if (!made) return std::move(made).error();
    return std::unique_ptr<Sink>(*std::move(made));
  };
}

auto bench_of(Compressor::Kind compression = Compressor::Kind::none) {
  FileSettings settings;
  settings.path = "/out/{host}";
  settings.end = "\nEND\n";
  settings.roll_rows = 3;
  settings.compression = compression;
  return [settings](int seed) {
    return testkit::SinkFaultBench(
        maker_of(settings), [settings](const std::string& content) { return rows_of(settings, content); }, seed);
  };
}

auto avro_bench() {
  FileSettings settings;
  settings.path = "/out/{host}";
  settings.format = FileSettings::Format::avro;
  settings.compression = Compressor::Kind::snappy;
  settings.roll_rows = 3;
  return [settings](int seed) {
    return testkit::SinkFaultBench(
        maker_of(settings),
        [](const std::string& content) {
          std::vector<std::string> rows;
          for (auto& row : files::avro_strings(content, 2)) rows.push_back(std::move(row[0]));
          return rows;
        },
        seed, "text");
  };
}

constexpr Compressor::Kind kKinds[] = {Compressor::Kind::none, Compressor::Kind::gzip, Compressor::Kind::zstd};

TEST(FileFaults, whichever_call_fails_each_row_is_there_once) {
  for (const auto kind : kKinds) testkit::each_call_fails(bench_of(kind));
  testkit::each_call_fails(avro_bench());
}

TEST(FileFaults, whichever_two_calls_fail_each_row_is_there_once) { testkit::two_calls_fail(bench_of(), 1); }

TEST(FileFaults, a_write_that_stops_halfway_goes_on) { testkit::each_write_stops_halfway(bench_of(), 100); }

TEST(FileFaults, wherever_the_disk_is_full_it_goes_on_when_there_is_room_again) {
  for (const auto kind : {Compressor::Kind::none, Compressor::Kind::zstd}) testkit::disk_is_full(bench_of(kind), 3);
  testkit::disk_is_full(avro_bench(), 7);
}

TEST(FileFaults, wherever_it_dies_each_row_is_there_once_and_nothing_else) {
  // gzip takes its time, and is cut where zstd is.
  for (const auto kind : kKinds) testkit::dies_at_each_call(bench_of(kind), kind == Compressor::Kind::gzip ? 5 : 1);
  testkit::dies_at_each_call(avro_bench());
}

TEST(FileFaults, it_dies_again_while_it_recovers) { testkit::dies_again_while_it_recovers(bench_of()); }

TEST(FileFaults, a_call_fails_and_then_it_dies) { testkit::fails_and_then_dies(bench_of()); }

}  // namespace
}  // namespace levada::file_sink

// What the hdfs sink promises while nothing fails.
#include "hdfs.h"

#include <gtest/gtest.h>

#include "files/sink_names.h"
#include "levada/testkit/conformance.h"
#include "sink_bench.h"

namespace levada::hdfs_sink {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::text_column;
using testkit::value_column;
using Kind = files::Compressor::Kind;

constexpr int64_t kHour = int64_t{3'600} * 1'000'000;
// 2026-01-31T00:00:00Z
constexpr int64_t kDay = int64_t{1'769'817'600} * 1'000'000;

class HdfsTest : public SinkBench {
 protected:
  // One row a host, with its name.
  static Batch of_hosts(const Strings& hosts) {
    Batch batch = batch_of(hosts);
    batch.set(text_column("host", {hosts.begin(), hosts.end()}));
    return batch;
  }
  static Batch at(const std::vector<std::optional<int64_t>>& times) {
    Strings bodies;
    for (const auto& time : times) bodies.push_back(time ? std::to_string(*time) : "none");
    Batch batch = batch_of(bodies);
    batch.set(value_column<int64_t>("time", Type::timestamp, times));
    return batch;
  }
  // The folders of all files, sorted.
  Strings folders() {
    Strings all;
    for (const auto& path : paths()) all.push_back(path.substr(0, path.rfind('/')));
    return all;
  }
};

TEST_F(HdfsTest, a_commit_makes_a_part_and_a_complete_file_is_made_of_its_parts) {
  for (const bool concatenates : {true, false}) {
    concatenates_ = concatenates;
    settings_.path = concatenates ? "/out/one" : "/out/two";
    if (concatenates) settings_.path = "/out";
    start();
    const auto before = paths().size();
    for (const auto* row : {"one", "two", "three"}) {
      write(batch_of({row}));
      ASSERT_TRUE(commit());
    }
    EXPECT_EQ(paths().size(), before);
    wait(5min);
    be_idle();
    ASSERT_EQ(paths().size(), before + 1);
    EXPECT_EQ(content(paths().back()), "one\ntwo\nthree\n");
    EXPECT_EQ(hidden(), Strings());
    EXPECT_EQ(host_.files().open_handles(), 1u) << "that of the lock";
    stop();
  }
  EXPECT_EQ(host_.count("files_completed"), 2);
  EXPECT_EQ(host_.count("bytes_written"), 2 * 14);
}

TEST_F(HdfsTest, names_have_the_time_the_id_and_a_number) {
  settings_.prefix = "access-%H-";
  settings_.suffix = ".log";
  settings_.compression = Kind::zstd;
  start();
  write(batch_of({"one"}));
  ASSERT_TRUE(commit());
  stop();
  ASSERT_EQ(paths().size(), 1u);
  EXPECT_TRUE(paths()[0].starts_with("/out/access-00-20260101T000000-")) << paths()[0];
  EXPECT_TRUE(paths()[0].ends_with("-000000.log.zst")) << paths()[0];
}

TEST_F(HdfsTest, parts_have_the_prefix_and_the_suffix_of_files_in_use) {
  settings_.in_use_prefix = "_";
  settings_.in_use_suffix = ".part";
  start();
  write(batch_of({"one"}));
  ASSERT_TRUE(commit());
  ASSERT_EQ(hidden().size(), 1u);
  const auto part = hidden()[0];
  EXPECT_EQ(part.substr(part.rfind('/') + 1, 1), "_");
  EXPECT_TRUE(part.ends_with(".part")) << part;
}

TEST_F(HdfsTest, a_file_is_complete_by_its_rows) {
  settings_.roll_rows = 2;
  start();
  write(batch_of({"1", "2", "3", "4", "5"}));
  EXPECT_EQ(paths(), Strings()) << "not before the commit";
  ASSERT_TRUE(commit());
  EXPECT_EQ(contents(), (Strings{"1\n2\n", "3\n4\n"}));
  write(batch_of({"6"}));
  ASSERT_TRUE(commit());
  EXPECT_EQ(contents().back(), "5\n6\n");
}

TEST_F(HdfsTest, a_file_is_complete_by_its_bytes) {
  settings_.roll_bytes.bytes = 1 << 20;
  start();
  const std::string row(200'000, 'x');
  for (int batch = 0; batch < 4; ++batch) {
    write(batch_of({row, row, row}));
    ASSERT_TRUE(commit());
  }
  ASSERT_EQ(paths().size(), 2u);
  for (const auto& text : contents()) EXPECT_EQ(text.size(), 6 * 200'001u);
}

TEST_F(HdfsTest, a_file_is_complete_by_its_age_and_by_idling) {
  settings_.path = "/out/{host}";
  settings_.idle_close = 100s;
  start();
  write(of_hosts({"busy", "idle"}));
  ASSERT_TRUE(commit());
  for (int minute = 0; minute < 5; ++minute) {
    wait(59s);
    be_idle();
    write(of_hosts({"busy"}));
    ASSERT_TRUE(commit());
    EXPECT_EQ(folders(), minute < 1 ? Strings() : Strings{"/out/idle"});
  }
  wait(5s);
  be_idle();
  EXPECT_EQ(folders(), (Strings{"/out/busy", "/out/idle"}));
  EXPECT_EQ(contents()[0], "busy\nbusy\nbusy\nbusy\nbusy\nbusy\n");
}

TEST_F(HdfsTest, with_rows_that_are_not_committed_a_file_waits_for_the_commit) {
  start();
  write(batch_of({"one"}));
  wait(10min);
  be_idle();
  EXPECT_EQ(paths(), Strings());
  ASSERT_TRUE(commit());
  EXPECT_EQ(contents(), Strings{"one\n"});
}

TEST_F(HdfsTest, folders_are_made_of_the_time_of_rows_and_of_columns) {
  settings_.path = "/out/%Y/%m/%d/%H/{host:-none}";
  settings_.time_column = "time";
  start();
  auto batch = at({kDay, kDay + 23 * kHour, kDay - 1, std::nullopt});
  batch.set(text_column("host", {"a", "b:80", std::nullopt, "c"}));
  write(std::move(batch));
  EXPECT_EQ(testkit::texts(rejected_, "reason"), Strings{"column \"time\", which the path is made of, has no value"});
  ASSERT_TRUE(commit());
  stop();
  EXPECT_EQ(folders(), (Strings{"/out/2026/01/30/23/none", "/out/2026/01/31/00/a", "/out/2026/01/31/23/b_80"}));
}

TEST_F(HdfsTest, time_in_paths_is_rounded) {
  settings_.path = "/out/%H%M";
  settings_.time_column = "time";
  settings_.round_time = 10min;
  start();
  write(at({kDay, kDay + kHour / 4, kDay + kHour / 5, kDay + kHour}));
  ASSERT_TRUE(commit());
  stop();
  EXPECT_EQ(folders(), (Strings{"/out/0000", "/out/0010", "/out/0100"}));
}

TEST_F(HdfsTest, a_row_whose_path_is_too_long_is_rejected) {
  settings_.path = "/out/{a}{b}";
  start();
  auto batch = batch_of({"x", "y"});
  batch.set(text_column("a", {std::string(100, 'a'), "a"}));
  batch.set(text_column("b", {std::string(100, 'b'), "b"}));
  write(std::move(batch));
  EXPECT_EQ(testkit::texts(rejected_, "reason").size(), 1u);
  ASSERT_TRUE(commit());
  stop();
  EXPECT_EQ(folders(), Strings{"/out/ab"});
}

TEST_F(HdfsTest, a_day_of_hours_by_turns_needs_no_more_files_than_are_allowed) {
  settings_.path = "/out/%H";
  settings_.time_column = "time";
  settings_.max_open_files = 4;
  start();
  Strings expected;
  const std::string large(300'000, 'x');  // More than is held in memory.
  for (int round = 0; round < 3; ++round) {
    for (int hour = 0; hour < 24; ++hour) {
      auto batch = batch_of({large, std::to_string(hour)});
      batch.set(value_column<int64_t>("time", Type::timestamp, {kDay + hour * kHour, kDay + hour * kHour + round}));
      write(std::move(batch));
      expected.insert(expected.end(), {large, std::to_string(hour)});
      EXPECT_LE(host_.files().open_handles(), 5u) << "four, and the lock";
    }
    ASSERT_TRUE(commit());
  }
  stop();
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(lines(), expected);
  EXPECT_EQ(hidden(), Strings());
}

TEST_F(HdfsTest, compressed_files_of_many_parts_are_one_stream) {
  for (const auto kind : {Kind::gzip, Kind::zstd, Kind::snappy}) {
    settings_.compression = kind;
    start();
    write(batch_of({"one", std::string(400'000, 'x'), "two"}));
    ASSERT_TRUE(commit());
    write(batch_of({"three"}));
    ASSERT_TRUE(commit());
    stop();
    EXPECT_EQ(lines(), (Strings{"one", "three", "two", std::string(400'000, 'x')}));
    for (const auto& path : paths()) host_.files().remove_file(path);
  }
}

TEST_F(HdfsTest, columns_are_written_as_json) {
  settings_.format = HdfsSettings::Format::json;
  start();
  Batch batch = batch_of({"x", "y"});
  batch.set(value_column<double>("number", Type::float64, {1.5, std::numeric_limits<double>::infinity()}));
  batch.set(text_column("text", {std::nullopt, "z"}));
  write(std::move(batch));
  ASSERT_TRUE(commit());
  stop();
  EXPECT_EQ(contents(), Strings{"{\"number\":1.5}\n{\"number\":null,\"text\":\"z\"}\n"});
  EXPECT_EQ(host_.count("values_replaced"), 1);
}

TEST_F(HdfsTest, rows_that_cannot_be_written_as_they_are_told_end_the_sink) {
  start();
  Batch batch = batch_of({"x"});
  batch.remove("body");
  const Done written = sink_->write(batch, 0ns);
  EXPECT_EQ(written.code(), Code::fatal);
  settings_.path = "/out/%H";
  settings_.time_column = "time";
  start();
  batch = batch_of({"x"});
  batch.set(text_column("time", {"noon"}));
  EXPECT_EQ(sink_->write(batch, 0ns).code(), Code::fatal);
}

TEST_F(HdfsTest, nothing_comes_of_nothing) {
  start();
  write(batch_of({}));
  ASSERT_TRUE(commit());
  be_idle();
  stop();
  EXPECT_EQ(paths(), Strings());
  EXPECT_EQ(hidden(), Strings());
}

TEST_F(HdfsTest, a_commit_whose_time_is_up_goes_on_with_the_next_call) {
  settings_.path = "/out/{host}";
  start();
  write(of_hosts({"a", "b", "c"}));
  Batch rejected;
  int calls = 1;
  while (sink_->commit({{{"stream", "1", 3}}, 1}, 0ns, rejected).code() == Code::idle) ++calls;
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(start().size(), 1u);
  EXPECT_EQ(lines(), (Strings{"a", "b", "c"}));
}

TEST_F(HdfsTest, a_name_that_is_taken_is_left_to_whom_it_belongs) {
  for (const bool concatenates : {true, false}) {
    concatenates_ = concatenates;
    for (const auto* theirs : {"abc\n", "of another length\n"}) {
      start();
      write(batch_of({"one"}));
      ASSERT_TRUE(commit());
      const auto id = hidden()[0].substr(std::string("/out/.levada-").size(), 12);
      const auto number = hidden()[0].substr(hidden()[0].rfind('-') + 1);
      // Of a file and its part the numbers follow on each other.
      const auto name = "/out/levada-20260101T000000-" + id + "-" + files::padded(std::stoul(number) - 1);
      host_.files().write_file(name + ".ndjson", theirs);
      stop();
      EXPECT_EQ(paths(), (Strings{name + ".1.ndjson", name + ".ndjson"}));
      EXPECT_EQ(contents(), (Strings{"one\n", theirs}));
      for (const auto& path : paths()) host_.files().remove_file(path);
    }
  }
}

TEST_F(HdfsTest, wrong_settings_are_refused) {
  concatenates_ = false;
  const auto fault_of = [&](auto change) {
    const auto before = settings_;
    change();
    auto text = fault();
    settings_ = before;
    return text.substr(0, text.find(':'));
  };
  EXPECT_EQ(fault(), "none");
  for (const auto* path : {"", "/out/%Q", "/out/{", "hdfs://name/x", "webhdfs://{host}/x", "/out/%H:%M"})
    EXPECT_EQ(fault_of([&] { settings_.path = path; }), "path") << path;
  EXPECT_EQ(fault_of([&] { settings_.prefix = "a\n"; }), "prefix");
  EXPECT_EQ(fault_of([&] { settings_.prefix = "_a"; }), "prefix");
  EXPECT_EQ(fault_of([&] { settings_.suffix = "/"; }), "suffix");
  EXPECT_EQ(fault_of([&] { settings_.in_use_prefix = "a/b"; }), "in_use_prefix");
  EXPECT_EQ(fault_of([&] { settings_.in_use_suffix = ":"; }), "in_use_suffix");
  EXPECT_EQ(fault_of([&] { settings_.roll_bytes.bytes = -1; }), "roll_bytes");
  EXPECT_EQ(fault_of([&] { settings_.roll_rows = -1; }), "roll_rows");
  EXPECT_EQ(fault_of([&] { settings_.max_open_files = 0; }), "max_open_files");
  EXPECT_EQ(fault_of([&] { settings_.time_column = "time"; }), "time_column");
  EXPECT_EQ(fault_of([&] { settings_.round_time = 1min; }), "round_time");
  settings_.time_column = "time";
  settings_.file_type = HdfsSettings::FileType::sequence_text;
  EXPECT_EQ(fault(), "none");
}

TEST_F(HdfsTest, the_folder_of_files_in_use_is_above_the_first_variable_part) {
  concatenates_ = false;
  settings_.path = "/out/a/b-%Y/c";
  start();
  write(batch_of({"one"}));
  ASSERT_TRUE(commit());
  ASSERT_EQ(hidden().size(), 1u);
  EXPECT_TRUE(hidden()[0].starts_with("/out/a/.levada-")) << hidden()[0];
  stop();
  EXPECT_EQ(folders(), Strings{"/out/a/b-2026/c"});
}

LEVADA_CONFORMANCE(hdfs, [] {
  auto tested = testkit::subject("hdfs", "path = \"/out\"");
  tested.bodies = {"one", "two", "three", "four"};
  tested.refused = {{"path = \"\"", "path"}, {"path = \"/out\"\nmax_open_files = 0", "max_open_files"}};
  return tested;
});

LEVADA_CONFORMANCE(hdfs_folders, [] {
  auto tested = testkit::subject("hdfs", "path = \"/out/{key:-none}\"\nformat = \"json\"\nroll_rows = 2");
  tested.bodies = {"one", "two", "three", "four"};
  return tested;
});

}  // namespace
}  // namespace levada::hdfs_sink

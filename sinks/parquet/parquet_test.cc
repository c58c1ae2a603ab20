// What the parquet sink promises while nothing fails, and what it does when it starts again.
#include "parquet.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "read_rows.h"

namespace levada::parquet_sink {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::Lose;
using testkit::text_column;
using testkit::value_column;
using Positions = std::vector<Position>;
using Strings = std::vector<std::string>;

class ParquetTest : public testing::Test {
 protected:
  ParquetTest() { settings_.path = "/out"; }
  Positions start() {
    if (sink_) (void)sink_->close(0ns);
    auto sink = ParquetSink::create(settings_, host_.host());
    EXPECT_TRUE(sink) << sink.error().message;
    sink_ = *std::move(sink);
    const auto opened = sink_->open();
    EXPECT_TRUE(opened) << opened.error().message;
    auto positions = sink_->recover();
    EXPECT_TRUE(positions) << positions.error().message;
    return positions ? *positions : Positions();
  }
  void write(Batch batch) {
    const Done written = sink_->write(batch, 0ns);
    ASSERT_TRUE(written) << written.error().message;
    rejected_ = Batch::rejected(batch, batch.rejections());
  }
  Done commit(Positions positions = {}) {
    Batch rejected;
    return sink_->commit({std::move(positions), 1}, 1s, rejected);
  }
  void stop() {
    EXPECT_TRUE(sink_->close(0ns));
    sink_.reset();
  }
  // The process dies here and now.
  void die(Lose lose = Lose::nothing) {
    host_.files().crash_at(1);
    sink_.reset();
    host_.files().crash(lose);
  }
  // Of all files below /out that a reader sees, with "ID" for the sink's id.
  Strings names() {
    Strings all;
    for (const auto& path : host_.files().paths())
      if (path.starts_with("/out/") && path.find("/.levada") == path.npos) all.push_back(path);
    return all;
  }
  Strings hidden() {
    Strings all;
    for (const auto& path : host_.files().paths())
      if (path.starts_with("/out/.levada") && !path.ends_with(".lock") && !path.ends_with("/here")) all.push_back(path);
    return all;
  }
  // All rows that a reader sees, sorted.
  Strings rows() {
    Strings all;
    for (const auto& path : names())
      for (auto& row : read_rows(host_.files().read_file(path))) all.push_back(std::move(row));
    std::sort(all.begin(), all.end());
    return all;
  }
  std::string fault() {
    auto sink = ParquetSink::create(settings_, host_.host());
    return sink ? "none" : sink.error().option + ": " + sink.error().message;
  }

  testkit::FakeHost host_;
  ParquetSettings settings_;
  Batch rejected_;
  std::unique_ptr<ParquetSink> sink_;
};

TEST_F(ParquetTest, a_commit_completes_the_files) {
  start();
  write(batch_of({"one", "two"}));
  EXPECT_EQ(names(), Strings());
  ASSERT_TRUE(commit());
  ASSERT_EQ(names().size(), 1u);
  EXPECT_TRUE(names()[0].starts_with("/out/levada-20260101T000000-")) << names()[0];
  EXPECT_TRUE(names()[0].ends_with("-000000.parquet")) << names()[0];
  EXPECT_EQ(rows(), (Strings{"one", "two"}));
  EXPECT_EQ(hidden(), Strings());
  write(batch_of({"three"}));
  ASSERT_TRUE(commit());
  EXPECT_EQ(names().size(), 2u);
  EXPECT_EQ(rows(), (Strings{"one", "three", "two"}));
  EXPECT_EQ(host_.count("files_completed"), 2);
  EXPECT_GT(host_.count("bytes_written"), 100);
}

TEST_F(ParquetTest, declared_columns_are_written_and_others_are_not) {
  settings_.columns = {{"id", "int16"}, {"price", "decimal(10,2)"}, {"missing", "text"}};
  start();
  Batch batch = batch_of({"x", "y"});
  batch.set(value_column<int64_t>("id", Type::int64, {7, 70'000}));
  batch.set(text_column("price", {"1.5", "2"}));
  write(std::move(batch));
  ASSERT_TRUE(commit());
  EXPECT_EQ(rows(), Strings{"7|1.50|null"});
  EXPECT_EQ(testkit::texts(rejected_, "reason"), Strings{"column \"id\": 70000 (int64) does not fit int16"});
  EXPECT_EQ(read_table(host_.files().read_file(names()[0]))->schema()->ToString(),
            "id: int16\nprice: decimal128(10, 2)\nmissing: string");
}

TEST_F(ParquetTest, rows_with_unknown_columns_are_rejected_on_demand) {
  settings_.columns = {{"id", "int16"}};
  settings_.unknown_columns = ParquetSettings::Unknown::reject;
  start();
  Batch batch(1);
  batch.set(value_column<int64_t>("id", Type::int64, {7}));
  write(batch);
  batch.set(text_column("other", {"1"}));
  write(batch);
  EXPECT_EQ(testkit::texts(rejected_, "reason"), Strings{"column \"other\" is not in the schema"});
  ASSERT_TRUE(commit());
  EXPECT_EQ(rows(), Strings{"7"});
}

TEST_F(ParquetTest, columns_of_the_rows_are_those_of_the_files) {
  start();
  Batch first(1);
  first.set(value_column<int64_t>("a", Type::int64, {1}));
  write(first);
  Batch second(2);
  second.set(text_column("a", {"2", "x"}));
  second.set(text_column("b", {"new", "new"}));
  write(second);
  EXPECT_EQ(testkit::texts(rejected_, "reason"), Strings{"column \"a\": \"x\" (text) does not fit int64"});
  write(first);
  ASSERT_TRUE(commit());
  EXPECT_EQ(names().size(), 2u);
  EXPECT_EQ(rows(), (Strings{"1", "1|null", "2|new"}));
}

TEST_F(ParquetTest, partitions_are_folders) {
  settings_.partition_by = {"day", "host"};
  start();
  Batch batch = batch_of({"1", "2", "3"});
  batch.set(text_column("host", {"a/b", {}, "\xc3\xa4 %"}));
  write(batch);
  ASSERT_TRUE(commit());
  Strings folders;
  for (const auto& name : names()) folders.push_back(name.substr(0, name.find("/levada-")));
  EXPECT_EQ(folders, (Strings{"/out/day=__HIVE_DEFAULT_PARTITION__/host=__HIVE_DEFAULT_PARTITION__",
                              "/out/day=__HIVE_DEFAULT_PARTITION__/host=a%2Fb",
                              "/out/day=__HIVE_DEFAULT_PARTITION__/host=\xc3\xa4%20%25"}));
}

TEST_F(ParquetTest, names_all_positions_of_the_last_commit) {
  EXPECT_EQ(start(), Positions());
  const Positions first = {{"clicks/3", "{\"a\":1}", 2}, {"@epoch", "1", 0}};
  write(batch_of({"one"}));
  ASSERT_TRUE(commit(first));
  write(batch_of({"two"}));
  EXPECT_EQ(*sink_->recover(), first);
  const Positions second = {{"clicks/3", "{\"a\":2}\n", 3}, {"views", "", 7}, {"@epoch", "2", 0}};
  write(batch_of({"two"}));
  ASSERT_TRUE(commit(second));
  die(Lose::unsynced);
  EXPECT_EQ(start(), second);
  EXPECT_EQ(rows(), (Strings{"one", "two"}));
}

TEST_F(ParquetTest, what_is_not_committed_when_it_stops_does_not_appear) {
  settings_.roll_rows = 1;
  start();
  write(batch_of({"committed"}));
  ASSERT_TRUE(commit());
  write(batch_of({"not", "committed"}));
  EXPECT_EQ(hidden().size(), 2u);
  stop();
  EXPECT_EQ(rows(), Strings{"committed"});
  EXPECT_EQ(hidden(), Strings());
}

TEST_F(ParquetTest, a_commit_without_rows_touches_no_disk) {
  start();
  write(batch_of({"1"}));
  ASSERT_TRUE(commit());
  const auto calls = host_.files().calls();
  ASSERT_TRUE(commit());
  ASSERT_TRUE(sink_->idle());
  EXPECT_EQ(host_.files().calls(), calls);
}

TEST_F(ParquetTest, a_commit_of_many_files_waits_no_longer_than_it_may) {
  settings_.partition_by = {"host"};
  start();
  Batch batch = batch_of({"1", "2", "3"});
  batch.set(text_column("host", {"a", "b", "c"}));
  write(batch);
  const Checkpoint checkpoint = {{{"s", "p", 3}}, 1};
  Batch rejected;
  for (int file = 0; file < 3; ++file) EXPECT_EQ(sink_->commit(checkpoint, 0ns, rejected).code(), Code::idle);
  EXPECT_EQ(names(), Strings());
  ASSERT_TRUE(sink_->commit(checkpoint, 0ns, rejected));
  EXPECT_EQ(names().size(), 1u);
  ASSERT_TRUE(sink_->idle());
  EXPECT_EQ(rows(), (Strings{"1", "2", "3"}));
  EXPECT_EQ(*sink_->recover(), checkpoint.positions);
}

TEST_F(ParquetTest, a_file_that_was_taken_away_before_the_crash_is_not_missed) {
  start();
  write(batch_of({"1"}));
  ASSERT_TRUE(commit());
  // As a crash leaves it between the rename and what the manifest says of it.
  const auto number = names()[0].substr(names()[0].size() - 27, 12);
  const lake::CommittedFile file{names()[0].substr(5), {{".levada-" + number + "/000000.tmp", 100}}};
  ASSERT_TRUE(
      lake::Manifest(host_.host().files(), host_.data_dir(), "parquet").replace({number, 1, {{"s", "p", 1}}, {file}}));
  host_.files().remove_file(names()[0]);
  die();
  EXPECT_EQ(start(), (Positions{{"s", "p", 1}}));
  EXPECT_FALSE(host_.logged("missing"));
}

TEST_F(ParquetTest, two_sinks_on_copies_of_one_data_dir_do_not_run_at_once) {
  start();
  write(batch_of({"1"}));
  ASSERT_TRUE(commit());
  testkit::FakeHost copy("components.test", host_);
  auto second = *ParquetSink::create(settings_, copy.host());
  ASSERT_TRUE(second->open());
  auto batch = batch_of({"2"});
  const auto written = second->write(batch, 0ns);
  EXPECT_EQ(written.code(), Code::retry);
  EXPECT_NE(written.error().message.find("copy of this one's data_dir"), std::string::npos);
}

TEST_F(ParquetTest, settings_are_checked) {
  settings_.columns = {{"a", "string"}};
  EXPECT_EQ(fault(), "columns.a: \"string\" is no type; write \"text\"");
  settings_.columns = {{"a", "text"}, {"b", "float64"}};
  settings_.partition_by = {"b"};
  EXPECT_EQ(fault(), "partition_by: column \"b\" is float64, which makes no partitions");
  settings_.partition_by = {"c"};
  EXPECT_EQ(fault(), "partition_by: there is no column \"c\"");
  settings_.columns.clear();
  EXPECT_EQ(fault(), "none");
  settings_.unknown_columns = ParquetSettings::Unknown::reject;
  EXPECT_EQ(fault(), "unknown_columns: has no effect without columns");
  settings_.unknown_columns = ParquetSettings::Unknown::ignore;
  settings_.prefix = "_x";
  EXPECT_EQ(fault(), "prefix: begins with a character that hides files from readers");
  settings_.prefix = "";
  settings_.path = "ftp://x";
  EXPECT_EQ(fault(), "path: \"ftp\" is no kind of store: there are folders, s3://, webhdfs:// and swebhdfs://");
}

LEVADA_CONFORMANCE(parquet, [] {
  auto tested = testkit::subject("parquet", "path = \"/out\"");
  tested.bodies = {"one", "two", "three", "four"};
  tested.refused = {{"path = \"\"", "path"},
                    {"path = \"/out\"\nmax_open_files = 0", "max_open_files"},
                    {"path = \"/out\"\ncolumns = { a = \"string\" }", "columns.a"}};
  return tested;
});

LEVADA_CONFORMANCE(parquet_partitioned, [] {
  auto tested = testkit::subject("parquet", "path = \"/out\"\npartition_by = [\"key\"]\nsort_by = [\"key\"]");
  tested.bodies = {"one", "two", "three", "four"};
  return tested;
});

LEVADA_CONFORMANCE(parquet_declared, [] {
  auto tested = testkit::subject("parquet",
                                 "path = \"/out\"\ncolumns = { body = \"text\", n = \"int8\", at = \"timestamp_ms\" }");
  tested.bodies = {"one", "two", "three", "four"};
  return tested;
});

}  // namespace
}  // namespace levada::parquet_sink

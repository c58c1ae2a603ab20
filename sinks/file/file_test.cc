// What the file sink promises while nothing fails.
#include "file.h"

#include <gtest/gtest.h>

#include "files/unpack.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "sink_files.h"

namespace levada::file_sink {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::text_column;
using testkit::texts;
using Strings = std::vector<std::string>;

class FileTest : public testing::Test {
 protected:
  FileTest() { settings_.path = "/out"; }
  void start() {
    if (sink_) stop();
    auto sink = FileSink::create(settings_, host_.host());
    ASSERT_TRUE(sink) << sink.error().message;
    sink_ = *std::move(sink);
    ASSERT_TRUE(sink_->open());
    ASSERT_TRUE(sink_->recover());
  }
  void write(Batch batch) {
    const Done written = sink_->write(batch, 0ns);
    ASSERT_TRUE(written) << written.error().message;
    rejected_ = Batch::rejected(batch, batch.rejections());
  }
  void commit() {
    Batch rejected;
    const Done committed = sink_->commit(Checkpoint(), 0ns, rejected);
    ASSERT_TRUE(committed) << committed.error().message;
  }
  void stop() {
    EXPECT_TRUE(sink_->close(0ns));
    sink_.reset();
  }
  Strings paths() const { return out_.paths(); }
  Strings complete() const {
    auto all = paths();
    std::erase_if(all, [](const std::string& path) { return path.ends_with(".tmp"); });
    return all;
  }
  std::string content(const std::string& path) const { return out_.content(path); }
  std::string fault() {
    auto sink = FileSink::create(settings_, host_.host());
    return sink ? "none" : sink.error().option + ": " + sink.error().message;
  }

  mutable testkit::FakeHost host_;
  SinkFiles out_{host_};
  FileSettings settings_;
  Batch rejected_;
  std::unique_ptr<FileSink> sink_;
};

TEST_F(FileTest, is_for_the_agents_user_unless_a_group_is_named) {
  host_.files().make_folders("/out");
  settings_.path = "/out/{host:-none}/below";
  start();
  write(batch_of({"one"}));
  commit();
  EXPECT_EQ(host_.files().group_of("/out/none/below"), "");
  EXPECT_EQ(host_.files().group_of(out_.actual(paths()[0])), "");
  stop();
  settings_.path = "/out/{host:-some}/below";
  settings_.group = "readers";
  start();
  write(batch_of({"two"}));
  commit();
  stop();
  for (const auto* path : {"/out/some", "/out/some/below", "/out/some/below/levada-20260101T000000-ID-000001.ndjson"})
    EXPECT_EQ(host_.files().group_of(out_.actual(path)), "readers") << path;
  EXPECT_EQ(host_.files().group_of("/out"), "") << "it was there before";
  settings_.group = "missing";
  settings_.path = "/out";
  start();
  auto batch = batch_of({"three"});
  EXPECT_EQ(sink_->write(batch, 0ns).error().message, "there is no group \"missing\"");
  stop();
  EXPECT_EQ(paths().size(), 2u) << "nothing is left of it";
}

TEST_F(FileTest, a_file_has_its_name_in_use_until_it_is_complete) {
  start();
  write(batch_of({"one", "two"}));
  commit();
  EXPECT_EQ(paths(), (Strings{"/out/levada-20260101T000000-ID-000000.ndjson.tmp"}));
  EXPECT_EQ(content(paths()[0]), "one\ntwo");
  write(batch_of({"three"}));
  commit();
  stop();
  EXPECT_EQ(paths(), (Strings{"/out/levada-20260101T000000-ID-000000.ndjson"}));
  EXPECT_EQ(content(paths()[0]), "one\ntwo\nthree\n");
  EXPECT_EQ(host_.count("bytes_written"), 14);
  EXPECT_EQ(host_.count("files_completed"), 1);
}

TEST_F(FileTest, a_full_file_appears_with_the_commit_and_not_before) {
  settings_.roll_rows = 2;
  start();
  write(batch_of({"1", "2", "3"}));
  EXPECT_TRUE(complete().empty());
  commit();
  ASSERT_EQ(complete().size(), 1u);
  EXPECT_EQ(content(complete()[0]), "1\n2\n");
}

TEST_F(FileTest, a_file_is_full_by_bytes) {
  settings_.roll_bytes = {10};
  start();
  write(batch_of({"12345", "67890", "abcde"}));
  commit();
  ASSERT_EQ(complete().size(), 1u);
  EXPECT_EQ(content(complete()[0]), "12345\n67890\n");
}

TEST_F(FileTest, an_old_file_is_complete_with_the_next_commit) {
  settings_.roll_interval = 10s;
  start();
  write(batch_of({"1"}));
  commit();
  host_.clock().advance(10s);
  write(batch_of({"2"}));
  commit();
  ASSERT_EQ(complete().size(), 1u);
  EXPECT_EQ(content(complete()[0]), "1\n2\n");
}

TEST_F(FileTest, a_file_without_new_rows_is_complete_when_the_sink_is_idle) {
  settings_.idle_close = 10s;
  start();
  write(batch_of({"1"}));
  commit();
  host_.clock().advance(9s);
  ASSERT_TRUE(sink_->idle());
  EXPECT_TRUE(complete().empty());
  host_.clock().advance(1s);
  ASSERT_TRUE(sink_->idle());
  ASSERT_EQ(complete().size(), 1u);
  EXPECT_EQ(content(complete()[0]), "1\n");
  write(batch_of({"2"}));
  commit();
  stop();
  EXPECT_EQ(complete().size(), 2u);
}

TEST_F(FileTest, rows_that_are_not_committed_are_not_completed_while_idle) {
  settings_.idle_close = 10s;
  start();
  write(batch_of({"1"}));
  host_.clock().advance(20s);
  ASSERT_TRUE(sink_->idle());
  EXPECT_TRUE(complete().empty());
}

TEST_F(FileTest, begin_separator_and_end_make_a_json_array) {
  settings_.begin = "[\n";
  settings_.separator = ",\n";
  settings_.end = "\n]\n";
  settings_.suffix = ".json";
  start();
  write(batch_of({"{\"a\":1}", "{\"a\":2}"}));
  commit();
  write(batch_of({"{\"a\":3}"}));
  commit();
  stop();
  EXPECT_EQ(content("/out/levada-20260101T000000-ID-000000.json"), "[\n{\"a\":1},\n{\"a\":2},\n{\"a\":3}\n]\n");
}

TEST_F(FileTest, paths_come_from_columns_and_event_time) {
  settings_.path = "/out/{host}/%Y-%m-%d";
  settings_.prefix = "h%H-";
  settings_.time_column = "time";
  start();
  Batch batch = batch_of({"1", "2", "3", "4"});
  batch.set(text_column("host", {"a", "b", "a", "a"}));
  batch.set(testkit::value_column<int64_t>("time", Type::timestamp, {0, 3'600'000'000, -1, std::nullopt}));
  write(batch);
  commit();
  stop();
  EXPECT_EQ(paths(), (Strings{"/out/a/1969-12-31/h23-20260101T000000-ID-000002.ndjson",
                              "/out/a/1970-01-01/h00-20260101T000000-ID-000000.ndjson",
                              "/out/b/1970-01-01/h01-20260101T000000-ID-000001.ndjson"}));
  EXPECT_EQ(texts(rejected_, "body"), (Strings{"4"}));
  EXPECT_EQ(texts(rejected_, "reason"), (Strings{"column \"time\", which the path is made of, has no value"}));
}

TEST_F(FileTest, without_a_time_column_the_path_has_the_time_of_writing) {
  settings_.path = "/out/%F";
  settings_.prefix = "";
  start();
  write(batch_of({"1"}));
  host_.clock().advance(24h);
  write(batch_of({"2"}));
  commit();
  stop();
  EXPECT_EQ(paths(), (Strings{"/out/2026-01-01/20260101T000000-ID-000000.ndjson",
                              "/out/2026-01-02/20260102T000000-ID-000001.ndjson"}));
}

TEST_F(FileTest, a_column_cannot_lead_out_of_the_folder) {
  settings_.path = "/out/{host:-none}";
  settings_.prefix = "";
  start();
  Batch batch = batch_of({"1", "2", "3", "4", "5"});
  batch.set(text_column("host", {"..", "../../etc", "", std::nullopt, "new\nline"}));
  write(batch);
  commit();
  stop();
  EXPECT_EQ(paths(),
            (Strings{"/out/.._.._etc/20260101T000000-ID-000001.ndjson", "/out/_/20260101T000000-ID-000000.ndjson",
                     "/out/new_line/20260101T000000-ID-000003.ndjson", "/out/none/20260101T000000-ID-000002.ndjson"}));
  EXPECT_EQ(content("/out/_/20260101T000000-ID-000000.ndjson"), "1\n3\n");
}

TEST_F(FileTest, the_file_used_least_lately_makes_room_for_another) {
  settings_.path = "/out/{host}";
  settings_.max_open_files = 2;
  start();
  for (const auto* host : {"a", "b", "a", "c"}) {
    Batch batch = batch_of({"row"});
    batch.set(text_column("host", {host}));
    host_.clock().advance(1s);
    write(batch);
  }
  commit();
  ASSERT_EQ(complete().size(), 1u);
  EXPECT_EQ(complete()[0].substr(0, 7), "/out/b/");
}

TEST_F(FileTest, writes_the_other_columns_as_json) {
  settings_.format = FileSettings::Format::json;
  start();
  Batch batch = batch_of({"raw", "raw"});
  batch.set(text_column("ip", {"10.0.0.1", std::string(300'000, 'x')}));
  write(batch);
  commit();
  stop();
  EXPECT_EQ(content(paths()[0]), "{\"ip\":\"10.0.0.1\"}\n{\"ip\":\"" + std::string(300'000, 'x') + "\"}\n");
}

TEST_F(FileTest, rows_larger_than_its_buffer_stay_in_order) {
  start();
  const std::string large(1'000'000, 'x');
  write(batch_of({"before", large, "after", large, large}));
  commit();
  stop();
  EXPECT_EQ(content(paths()[0]), "before\n" + large + "\nafter\n" + large + "\n" + large + "\n");
}

TEST_F(FileTest, empty_rows_and_rows_without_a_body_are_empty_lines) {
  start();
  Batch batch(3);
  batch.set(text_column("body", {"", std::nullopt, "x"}, Type::bytes));
  write(batch);
  commit();
  stop();
  EXPECT_EQ(content(paths()[0]), "\n\nx\n");
}

TEST_F(FileTest, compressed_files_can_be_read_up_to_each_commit) {
  for (const auto kind : {Compressor::Kind::gzip, Compressor::Kind::zstd}) {
    settings_.compression = kind;
    settings_.path = "/out/" + std::string(Compressor::suffix(kind).substr(1));
    start();
    write(batch_of({"one", std::string(400'000, 'x')}));
    commit();
    const auto in_use = paths().back();
    EXPECT_EQ(files::unpack(kind, content(in_use)), "one\n" + std::string(400'000, 'x'));
    write(batch_of({"two"}));
    commit();
    stop();
    const auto path = paths().back();
    EXPECT_TRUE(path.ends_with(Compressor::suffix(kind))) << path;
    EXPECT_EQ(files::unpack(kind, content(path)), "one\n" + std::string(400'000, 'x') + "\ntwo\n");
  }
}

TEST_F(FileTest, never_replaces_a_file_of_somebody_else) {
  start();
  out_.write("/out/levada-20260101T000000-ID-000000.ndjson", "other");
  write(batch_of({"1"}));
  commit();
  out_.write("/out/levada-20260101T000000-ID-000001.ndjson", "other too");
  stop();
  EXPECT_EQ(content("/out/levada-20260101T000000-ID-000000.ndjson"), "other");
  EXPECT_EQ(content("/out/levada-20260101T000000-ID-000001.ndjson"), "other too");
  EXPECT_EQ(content("/out/levada-20260101T000000-ID-000001.1.ndjson"), "1\n");
}

TEST_F(FileTest, a_commit_without_rows_touches_no_disk) {
  start();
  write(batch_of({"1"}));
  commit();
  const auto calls = host_.files().calls();
  commit();
  EXPECT_EQ(host_.files().calls(), calls);
}

TEST_F(FileTest, says_what_to_do_about_rows_that_it_cannot_write) {
  settings_.time_column = "time";
  settings_.path = "/out/%H";
  start();
  Batch batch = batch_of({"1"});
  batch.set(text_column("time", {"noon"}));
  EXPECT_EQ(sink_->write(batch, 0ns).error().message, "column \"time\" is text, and time_column must be a timestamp");
  Batch bodiless(1);
  EXPECT_EQ(
      sink_->write(bodiless, 0ns).error().message,
      "the rows have no body column, an interceptor has dropped it: set format = \"json\" to write the other columns");
}

TEST_F(FileTest, settings_are_checked) {
  settings_.path = "/out/%Q";
  EXPECT_EQ(fault(), "path: \"%Q\" is no escape; there are %Y %y %m %d %H %M %S %j %F, and %% for a %");
  settings_.path = "/out/{host";
  EXPECT_EQ(fault(), "path: \"{\" at position 6 of \"/out/{host\" is not closed; write \"{{\" for a brace");
  settings_.path = "/out/100%%";
  EXPECT_EQ(fault(), "none");
  settings_.time_column = "time";
  EXPECT_EQ(fault(), "time_column: has no effect: neither path nor prefix has time in it, such as %Y-%m-%d");
  settings_.time_column.reset();
  settings_.in_use_suffix = "";
  EXPECT_EQ(fault(), "in_use_suffix: is empty: nobody could tell a complete file");
  settings_.in_use_suffix = ".tmp";
  settings_.max_open_files = 0;
  EXPECT_EQ(fault(), "max_open_files: must be at least 1");
}

LEVADA_CONFORMANCE(file, [] {
  auto tested = testkit::subject("file", "path = \"/out\"");
  tested.bodies = {"one", "two", "three", "four"};
  tested.refused = {{"path = \"\"", "path"}, {"path = \"/out\"\nmax_open_files = 0", "max_open_files"}};
  return tested;
});

}  // namespace
}  // namespace levada::file_sink

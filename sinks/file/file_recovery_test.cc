// What the file sink does when it starts again, and when others have been at its files.
#include <gtest/gtest.h>

#include <cerrno>

#include "file.h"
#include "files/unpack.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/fake_host.h"
#include "sink_files.h"

namespace levada::file_sink {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::Lose;
using Positions = std::vector<Position>;
using Strings = std::vector<std::string>;

class FileRecoveryTest : public testing::Test {
 protected:
  FileRecoveryTest() { settings_.path = "/out"; }
  // Gives what recover names.
  Positions start() {
    make();
    EXPECT_TRUE(sink_->open());
    auto positions = sink_->recover();
    EXPECT_TRUE(positions) << positions.error().message;
    return positions ? *positions : Positions();
  }
  void make() {
    if (sink_) (void)sink_->close(0ns);
    sink_.reset();
    sink_ = *FileSink::create(settings_, host_.host());
  }
  void write(const Strings& rows) {
    auto batch = batch_of(rows);
    const Done written = sink_->write(batch, 0ns);
    ASSERT_TRUE(written) << written.error().message;
  }
  Done commit(Positions positions = {}) {
    Batch rejected;
    return sink_->commit({std::move(positions), 1}, 0ns, rejected);
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
  Strings paths() const { return out_.paths(); }
  std::string content(const std::string& path) const { return out_.content(path); }
  std::string manifest() const { return host_.data_dir() + "/files"; }

  static constexpr char kFirst[] = "/out/levada-20260101T000000-ID-000000.ndjson";
  static constexpr char kSecond[] = "/out/levada-20260101T000000-ID-000001.ndjson";
  mutable testkit::FakeHost host_;
  SinkFiles out_{host_};
  FileSettings settings_;
  std::unique_ptr<FileSink> sink_;
};

TEST_F(FileRecoveryTest, names_all_positions_of_the_last_commit) {
  EXPECT_EQ(start(), Positions());
  const Positions first = {{"clicks/3", "{\"a\":1}", 2}, {"@epoch", "1", 0}};
  write({"one", "two"});
  ASSERT_TRUE(commit(first));
  write({"three"});
  ASSERT_TRUE(sink_->recover());
  EXPECT_EQ(*sink_->recover(), first);
  const Positions second = {{"clicks/3", "{\"a\":2}\n", 3}, {"views", "", 7}, {"@epoch", "2", 0}};
  write({"three"});
  ASSERT_TRUE(commit(second));
  EXPECT_EQ(*sink_->recover(), second);
  die(Lose::unsynced);
  EXPECT_EQ(start(), second);
  EXPECT_EQ(start(), second);
}

TEST_F(FileRecoveryTest, many_files_are_durable_with_one_commit) {
  constexpr int kFiles = 40;
  settings_.path = "/out/{host}";
  settings_.roll_interval = 1min;
  const auto write_to_all = [&] {
    Strings rows, hosts;
    for (int host = 0; host < kFiles; ++host) {
      hosts.push_back(std::to_string(host));
      rows.push_back("row of " + hosts.back());
    }
    auto batch = batch_of(rows);
    batch.set(testkit::text_column("host", {hosts.begin(), hosts.end()}));
    return sink_->write(batch, 0ns);
  };
  start();
  ASSERT_TRUE(write_to_all());
  ASSERT_TRUE(commit());
  die(Lose::unsynced);
  start();
  // These are complete with their commit.
  ASSERT_TRUE(write_to_all());
  host_.clock().advance(61s);
  ASSERT_TRUE(commit());
  die(Lose::unsynced);
  start();
  // These fail somewhere, and come again.
  ASSERT_TRUE(write_to_all());
  host_.files().fail_call(kFiles + 30, EIO);
  ASSERT_FALSE(commit());
  ASSERT_TRUE(sink_->recover());
  ASSERT_TRUE(write_to_all());
  ASSERT_TRUE(commit());
  stop();
  const auto all = paths();
  EXPECT_EQ(all.size(), 3u * kFiles);
  for (const auto& path : all) {
    EXPECT_TRUE(path.ends_with(".ndjson")) << path;
    EXPECT_EQ(content(path), "row of " + path.substr(5, path.rfind('/') - 5) + "\n") << path;
  }
}

// Rows that were filtered or rejected must not come again.
TEST_F(FileRecoveryTest, a_commit_without_rows_is_one) {
  start();
  const Positions positions = {{"clicks", "7", 7}};
  ASSERT_TRUE(commit(positions));
  die(Lose::unsynced);
  EXPECT_EQ(start(), positions);
  EXPECT_EQ(paths(), Strings());
}

TEST_F(FileRecoveryTest, what_is_not_committed_when_it_stops_does_not_appear) {
  start();
  write({"committed"});
  ASSERT_TRUE(commit());
  write({"not committed"});
  stop();
  EXPECT_EQ(paths(), Strings{kFirst});
  EXPECT_EQ(content(kFirst), "committed\n");
}

TEST_F(FileRecoveryTest, cuts_back_what_is_not_committed_and_completes_the_rest) {
  for (const auto kind : {Compressor::Kind::none, Compressor::Kind::gzip, Compressor::Kind::zstd}) {
    settings_.compression = kind;
    settings_.path = "/out/" + std::to_string(static_cast<int>(kind));
    start();
    write({"one", "two"});
    ASSERT_TRUE(commit());
    // More than its buffer, so that it is in the file.
    write({std::string(600'000, 'x')});
    die();
    start();
    EXPECT_EQ(files::unpack(kind, content(paths().back())), "one\ntwo\n");
  }
  EXPECT_EQ(host_.count("files_recovered"), 3);
  EXPECT_EQ(paths().size(), 3u);
}

TEST_F(FileRecoveryTest, rows_of_no_bytes_are_rows) {
  start();
  write({""});
  ASSERT_TRUE(commit({{"s", "1", 1}}));
  die(Lose::unsynced);
  start();
  EXPECT_EQ(content(kFirst), "\n");
}

TEST_F(FileRecoveryTest, takes_another_name_where_somebody_has_taken_its_own) {
  start();
  write({"one"});
  ASSERT_TRUE(commit());
  die();
  out_.write(kFirst, "other");
  start();
  EXPECT_EQ(content(kFirst), "other");
  EXPECT_EQ(content("/out/levada-20260101T000000-ID-000000.1.ndjson"), "one\n");
  EXPECT_EQ(paths().size(), 2u);
}

TEST_F(FileRecoveryTest, does_not_take_a_name_when_it_cannot_see_whether_it_is_free) {
  settings_.roll_rows = 1;
  host_.files().make_folders("/out");
  start();
  write({"one"});
  out_.write(kFirst, "other");
  // The commit: sync of the folder, six calls for the manifest; then it looks for the name.
  host_.files().fail_call(8, EIO);
  ASSERT_TRUE(commit());
  EXPECT_TRUE(host_.logged("a complete file keeps its name in use for now: stat " + out_.actual(kFirst)));
  EXPECT_EQ(content(kFirst), "other");
  ASSERT_TRUE(sink_->idle());
  EXPECT_EQ(content("/out/levada-20260101T000000-ID-000000.1.ndjson"), "one\n");
}

TEST_F(FileRecoveryTest, does_not_begin_a_file_when_it_cannot_see_whether_it_is_there) {
  host_.files().make_folders("/out");
  start();
  // Looking for the folder, the final name, the name in use.
  host_.files().fail_call(3, EIO);
  auto batch = batch_of({"one"});
  EXPECT_EQ(sink_->write(batch, 0ns).error().message, "stat " + out_.actual(kFirst) + ".tmp: Input/output error");
  EXPECT_EQ(paths(), Strings());
}

TEST_F(FileRecoveryTest, never_removes_a_file_that_somebody_else_makes_at_the_same_moment) {
  start();
  host_.files().make_folders("/out");
  // Looking for the folder and two names, three calls for the manifest, then the file.
  host_.files().fail_call(7, EEXIST);
  write({"one"});
  out_.write(std::string(kFirst) + ".tmp", "other");
  ASSERT_EQ(paths(), (Strings{std::string(kFirst) + ".tmp", std::string(kSecond) + ".tmp"}));
  die();
  start();
  EXPECT_EQ(paths(), Strings{std::string(kFirst) + ".tmp"});
  EXPECT_EQ(content(std::string(kFirst) + ".tmp"), "other");
}

TEST_F(FileRecoveryTest, a_file_that_a_reader_has_taken_away_does_not_come_back) {
  settings_.roll_rows = 1;
  start();
  write({"one"});
  ASSERT_TRUE(commit());
  ASSERT_EQ(paths(), Strings{kFirst});
  out_.remove(kFirst);
  die();
  start();
  EXPECT_EQ(paths(), Strings());
  EXPECT_EQ(host_.count("files_recovered"), 0);
}

TEST_F(FileRecoveryTest, finishes_what_version_1_has_left) {
  host_.files().write_file("/out/a.ndjson.tmp", "one\ntwo\nthr");
  host_.files().write_file("/out/b.ndjson", "four\n");
  host_.files().write_file("/out/c.ndjson.tmp", "five");
  auto files = host_.host().files();
  ASSERT_TRUE(files.link("/out/b.ndjson", "/out/b.ndjson.tmp"));
  host_.files().write_file(manifest(),
                           "levada file sink 1\n"
                           "open\t7\t/out/a.ndjson.tmp\t/out/a.ndjson\n"
                           "complete\t5\t/out/b.ndjson.tmp\t/out/b.ndjson\n"
                           "open\t0\t/out/c.ndjson.tmp\t/out/c.ndjson\n");
  EXPECT_EQ(start(), Positions());
  EXPECT_EQ(paths(), (Strings{"/out/a.ndjson", "/out/b.ndjson"}));
  EXPECT_EQ(content("/out/a.ndjson"), "one\ntwo\n");
}

TEST_F(FileRecoveryTest, waits_for_committed_rows_that_are_missing) {
  settings_.path = "/out/disk";
  start();
  write({"one"});
  ASSERT_TRUE(commit({{"s", "1", 1}}));
  die();
  const auto path = paths().at(0);
  out_.rename(path, "/elsewhere");
  make();
  ASSERT_TRUE(sink_->open());
  for (int tries = 0; tries < 2; ++tries) {
    const auto recovered = sink_->recover();
    EXPECT_EQ(recovered.code(), Code::retry);
    EXPECT_EQ(recovered.error().message,
              out_.actual(path) +
                  ", with 3 bytes of committed rows, is missing: is its disk mounted? To give its rows up, put an "
                  "empty file there");
  }
  out_.rename("/elsewhere", path);
  EXPECT_EQ(*sink_->recover(), (Positions{{"s", "1", 1}}));
  EXPECT_EQ(content("/out/disk/levada-20260101T000000-ID-000000.ndjson"), "one\n");
}

TEST_F(FileRecoveryTest, says_that_committed_rows_are_lost) {
  start();
  write({"one"});
  ASSERT_TRUE(commit());
  die();
  out_.write(std::string(kFirst) + ".tmp", "");
  start();
  EXPECT_TRUE(host_.logged("ERROR " + out_.actual(kFirst) + ".tmp has lost 3 of 3 bytes of committed rows"));
}

TEST_F(FileRecoveryTest, does_not_start_from_a_manifest_that_is_damaged) {
  start();
  write({"one"});
  ASSERT_TRUE(commit({{"s", "1", 1}}));
  die();
  const auto path = out_.actual(std::string(kFirst) + ".tmp");
  host_.files().write_file(manifest(), "levada file sink 2\nend\t00000000\n");
  make();
  EXPECT_EQ(sink_->open().code(), Code::fatal);
  sink_.reset();
  EXPECT_EQ(paths(), Strings{path});
}

TEST_F(FileRecoveryTest, without_its_data_folder_it_starts_anew_and_leaves_files_in_use_alone) {
  start();
  write({"one"});
  ASSERT_TRUE(commit({{"s", "1", 1}}));
  die();
  const auto left = out_.actual(std::string(kFirst) + ".tmp");
  host_.files().remove_file(manifest());
  EXPECT_EQ(start(), Positions());
  write({"one"});
  ASSERT_TRUE(commit({{"s", "1", 1}}));
  stop();
  EXPECT_EQ(paths().size(), 2u);
  EXPECT_EQ(content(left), "one");
  EXPECT_EQ(content(kFirst), "one\n");
}

TEST_F(FileRecoveryTest, counts_what_a_stop_adds_to_its_files) {
  start();
  write({"one"});
  ASSERT_TRUE(commit());
  EXPECT_EQ(host_.count("bytes_written"), 3);
  stop();
  EXPECT_EQ(host_.count("bytes_written"), 4);
  EXPECT_EQ(host_.count("files_completed"), 1);
}

TEST_F(FileRecoveryTest, what_could_not_be_done_when_it_was_closed_is_said_and_done_at_the_next_start) {
  start();
  write({"one"});
  ASSERT_TRUE(commit());
  host_.files().fail_call(1, EIO);
  const Done closed = sink_->close(0ns);
  ASSERT_FALSE(closed);
  EXPECT_TRUE(closed.error().message.starts_with("files are completed at the next start: "));
  start();
  EXPECT_EQ(paths(), Strings{kFirst});
  EXPECT_EQ(content(kFirst), "one\n");
}

}  // namespace
}  // namespace levada::file_sink

// What the hdfs sink does when a call has failed, when it starts again, and beside other sinks.
#include <gtest/gtest.h>

#include <cerrno>

#include "sink_bench.h"

namespace levada::hdfs_sink {
namespace {

using namespace std::chrono_literals;
using testkit::batch_of;
using testkit::Lose;

class HdfsRecovery : public SinkBench {
 protected:
  static Positions at(uint64_t row) { return {{"stream", std::to_string(row), row}}; }
};

TEST_F(HdfsRecovery, after_a_failure_a_file_goes_on_behind_what_is_committed) {
  start();
  write(batch_of({"one"}));
  ASSERT_TRUE(commit(at(1)));
  write(batch_of({"lost"}));
  host_.files().fail_call(1, EIO);
  EXPECT_FALSE(commit(at(2)));
  EXPECT_EQ(recover(), at(1));
  EXPECT_EQ(paths(), Strings()) << "no small file for each failure";
  write(batch_of({"two"}));
  ASSERT_TRUE(commit(at(2)));
  stop();
  EXPECT_EQ(contents(), Strings{"one\ntwo\n"});
}

TEST_F(HdfsRecovery, a_full_file_of_a_commit_that_failed_keeps_what_an_earlier_one_had) {
  settings_.roll_rows = 2;
  start();
  write(batch_of({"1"}));
  ASSERT_TRUE(commit(at(1)));
  write(batch_of({"2", "3"}));
  host_.files().fail_call(2, EIO);
  EXPECT_FALSE(commit(at(3)));
  EXPECT_EQ(recover(), at(1));
  write(batch_of({"2", "3"}));
  ASSERT_TRUE(commit(at(3)));
  stop();
  EXPECT_EQ(lines(), (Strings{"1", "2", "3"}));
}

TEST_F(HdfsRecovery, a_start_completes_what_is_committed_and_drops_the_rest) {
  for (const bool concatenates : {true, false}) {
    concatenates_ = concatenates;
    start();
    write(batch_of({"one"}));
    ASSERT_TRUE(commit(at(1)));
    write(batch_of({"two"}));
    ASSERT_TRUE(commit(at(2)));
    write(batch_of({std::string(400'000, 'x')}));
    die(Lose::unsynced);
    EXPECT_EQ(start(), at(2));
    EXPECT_EQ(contents(), Strings{"one\ntwo\n"});
    EXPECT_EQ(hidden(), Strings());
    host_.files().remove_file(paths()[0]);
  }
  EXPECT_EQ(host_.count("files_recovered"), 2);
}

TEST_F(HdfsRecovery, a_close_does_not_commit) {
  start();
  write(batch_of({"one"}));
  stop();
  EXPECT_EQ(start(), Positions());
  EXPECT_EQ(paths(), Strings());
}

TEST_F(HdfsRecovery, a_file_that_a_reader_has_taken_away_is_not_missed) {
  start();
  write(batch_of({"one"}));
  ASSERT_TRUE(commit(at(1)));
  const auto manifest = content(host_.data_dir() + "/files");
  stop();
  host_.files().remove_file(paths()[0]);
  host_.files().write_file(host_.data_dir() + "/files", manifest);
  EXPECT_EQ(start(), at(1));
}

TEST_F(HdfsRecovery, rows_whose_part_is_missing_are_waited_for) {
  for (const bool concatenates : {true, false}) {
    concatenates_ = concatenates;
    start();
    for (const auto* row : {"one", "two"}) {
      write(batch_of({row}));
      ASSERT_TRUE(commit(at(1)));
    }
    die();
    const auto part = hidden()[0];
    const auto rows = content(part);
    host_.files().remove_file(part);
    start();
    EXPECT_EQ(paths(), Strings());
    EXPECT_TRUE(host_.logged("with committed rows, is missing"));
    host_.files().write_file(part, rows);
    be_idle();
    EXPECT_EQ(contents(), Strings{"one\ntwo\n"});
    host_.files().remove_file(paths()[0]);
    stop();
  }
}

TEST_F(HdfsRecovery, a_part_that_is_not_as_it_was_committed_gets_no_name) {
  start();
  write(batch_of({"one"}));
  ASSERT_TRUE(commit(at(1)));
  die();
  const auto part = hidden()[0];
  host_.files().write_file(part, "on");
  start();
  EXPECT_EQ(paths(), Strings());
  EXPECT_TRUE(host_.logged("has 2 bytes, and 4 were committed"));
  host_.files().write_file(part, "one\n");
  be_idle();
  EXPECT_EQ(contents(), Strings{"one\n"});
}

TEST_F(HdfsRecovery, a_damaged_manifest_ends_the_start) {
  start();
  write(batch_of({"one"}));
  ASSERT_TRUE(commit(at(1)));
  die();
  const auto path = host_.data_dir() + "/files";
  host_.files().write_file(path, content(path) + "x");
  auto sink = make();
  ASSERT_TRUE(sink);
  EXPECT_EQ((*sink)->open().code(), Code::fatal);
}

TEST_F(HdfsRecovery, two_sinks_share_a_folder) {
  testkit::FakeHost other_host("sinks.other", host_);
  start();
  auto other = HdfsSink::create(settings_, other_host.host());
  ASSERT_TRUE(other);
  ASSERT_TRUE((*other)->open());
  ASSERT_TRUE((*other)->recover());
  Batch rejected;
  for (int round = 0; round < 3; ++round) {
    write(batch_of({"ours"}));
    auto theirs = batch_of({"theirs"});
    ASSERT_TRUE((*other)->write(theirs, 0ns));
    ASSERT_TRUE(commit(at(1)));
    ASSERT_TRUE((*other)->commit({at(1), 1}, 1s, rejected));
  }
  die();
  start();
  ASSERT_TRUE((*other)->close(0ns));
  EXPECT_EQ(lines(), (Strings{"ours", "ours", "ours", "theirs", "theirs", "theirs"}));
  EXPECT_EQ(hidden(), Strings());
}

TEST_F(HdfsRecovery, a_copy_of_the_data_folder_waits) {
  start();
  write(batch_of({"one"}));
  ASSERT_TRUE(commit(at(1)));
  auto copy = make();
  ASSERT_TRUE(copy);
  EXPECT_EQ((*copy)->open().code(), Code::retry);
}

TEST_F(HdfsRecovery, a_run_gives_no_name_of_a_part_that_an_earlier_run_gave) {
  start();
  write(batch_of({std::string(400'000, 'x')}));
  const auto before = hidden();
  ASSERT_EQ(before.size(), 1u);
  die();
  EXPECT_EQ(start(), Positions());
  write(batch_of({std::string(400'000, 'x')}));
  ASSERT_EQ(hidden().size(), 1u);
  EXPECT_NE(hidden(), before);
}

}  // namespace
}  // namespace levada::hdfs_sink

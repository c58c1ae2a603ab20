// Cursors of readers: commits, the way back, who is waited for, and back-pressure.
#include "agent/channels/file/reader_cursors.h"

#include <gtest/gtest.h>

#include "agent/channels/file/test_support.h"

namespace levada::agent {
namespace {

using namespace testing;

class ReaderCursorsTest : public ::testing::Test {
 protected:
  ReaderCursorsTest() : one(cursors.add("sinks.one")), two(cursors.add("sinks.two")) {}
  void read_to(size_t number, uint64_t row) { cursors[number].next = {row, 0}; }

  ReaderCursors cursors;
  const size_t one, two;
};

TEST_F(ReaderCursorsTest, go_back_to_behind_the_last_commit) {
  read_to(one, 10);
  cursors.commit(one);
  read_to(one, 20);
  cursors[one].at = {3, 4096};
  cursors.rewind(one);
  EXPECT_EQ(cursors[one].next, (LogOffset{10, 0}));
  EXPECT_EQ(cursors[one].at.serial, 0u) << "it is looked for anew";
}

TEST_F(ReaderCursorsTest, the_slowest_is_the_one_whose_commit_is_the_oldest) {
  read_to(one, 10);
  cursors.commit(one);
  read_to(two, 20);
  EXPECT_EQ(cursors.slowest()->reader, "sinks.two");
  cursors.commit(two);
  EXPECT_EQ(cursors.slowest()->reader, "sinks.one");
  EXPECT_EQ(cursors.committed(), (std::map<std::string, LogOffset>{{"sinks.one", {10, 0}}, {"sinks.two", {20, 0}}}));
}

TEST_F(ReaderCursorsTest, what_all_have_read_and_what_all_have_committed_differ) {
  read_to(one, 10);
  EXPECT_FALSE(cursors.all_have_read({10, 0}));
  read_to(two, 10);
  EXPECT_TRUE(cursors.all_have_read({10, 0}));
  cursors.commit(one);
  EXPECT_FALSE(cursors.all_have_committed({10, 0}));
  cursors.commit(two);
  EXPECT_TRUE(cursors.all_have_committed({10, 0}));
}

TEST_F(ReaderCursorsTest, without_readers_nothing_is_ever_delivered) {
  const ReaderCursors none;
  EXPECT_EQ(none.slowest(), nullptr);
  EXPECT_FALSE(none.all_have_committed({}));
}

TEST_F(ReaderCursorsTest, know_where_a_reader_was_at_the_last_start) {
  cursors.saved({{"sinks.one", {7, 0}}});
  EXPECT_EQ(cursors.saved_offset("sinks.one"), (LogOffset{7, 0}));
  EXPECT_EQ(cursors.saved_offset("sinks.two"), std::nullopt);
}

TEST_F(ReaderCursorsTest, are_under_back_pressure_until_they_commit) {
  EXPECT_FALSE(cursors.under_back_pressure(one));
  cursors.add_back_pressure();
  EXPECT_TRUE(cursors.under_back_pressure(one));
  cursors.commit(one);
  EXPECT_FALSE(cursors.under_back_pressure(one));
  EXPECT_TRUE(cursors.under_back_pressure(two));
}

TEST_F(ReaderCursorsTest, are_woken_once_for_each_back_pressure) {
  cursors.add_back_pressure();
  EXPECT_TRUE(cursors.must_wake(cursors[one]));
  cursors.woke(cursors[one]);
  EXPECT_FALSE(cursors.must_wake(cursors[one]));
  EXPECT_TRUE(cursors.must_wake(cursors[two]));
  cursors.add_back_pressure();
  EXPECT_TRUE(cursors.must_wake(cursors[one]));
}

TEST_F(ReaderCursorsTest, let_go_of_a_segment_that_is_removed) {
  ChannelTestBench bench;
  const KeyRing keys;
  cursors[one].segment = std::make_shared<SegmentReader>(Files(bench.files.table()), "/data/main/1.log", 1, keys);
  cursors[one].segment_serial = 5;
  EXPECT_TRUE(cursors.let_go(4).empty());
  EXPECT_EQ(cursors.let_go(5).size(), 1u);
  EXPECT_EQ(cursors[one].segment_serial, 0u);
  EXPECT_EQ(cursors[one].segment, nullptr);
}

}  // namespace
}  // namespace levada::agent

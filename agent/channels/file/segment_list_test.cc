// The list of segments: which one an offset lies in, and how many bytes there are.
#include "agent/channels/file/segment_list.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

Segment segment(uint64_t first_row, uint64_t bytes, uint64_t follows_row = 0) {
  Segment made;
  made.path = "/data/main/" + segment_name({first_row, 0});
  made.first = {first_row, 0};
  made.follows_row = follows_row;
  made.bytes = bytes;
  return made;
}

SegmentList three() {
  SegmentList list;
  list.add(segment(10, 100));
  list.add(segment(20, 200));
  list.add(segment(30, 300));
  return list;
}

TEST(SegmentList, finds_the_segment_that_an_offset_lies_in) {
  const auto list = three();
  EXPECT_EQ(list.find(LogOffset{9, 7}), std::nullopt) << "before all of them";
  EXPECT_EQ(list.find(LogOffset{10, 0}), 0u);
  EXPECT_EQ(list.find(LogOffset{19, 5}), 0u);
  EXPECT_EQ(list.find(LogOffset{20, 0}), 1u);
  EXPECT_EQ(list.find(LogOffset{1000, 0}), 2u);
  EXPECT_TRUE(list.is_last(2));
}

TEST(SegmentList, finds_a_segment_by_its_serial_also_when_older_ones_are_gone) {
  auto list = three();
  const uint64_t serial = list[1].serial;
  EXPECT_EQ(list.find(serial), 1u);
  EXPECT_TRUE(list.remove_oldest(list.front().serial));
  EXPECT_EQ(list.find(serial), 0u);
  EXPECT_EQ(list.find(uint64_t{0}), std::nullopt) << "0 is nobody's";
}

TEST(SegmentList, removes_the_oldest_one_once) {
  auto list = three();
  const uint64_t serial = list.front().serial;
  EXPECT_TRUE(list.remove_oldest(serial));
  EXPECT_FALSE(list.remove_oldest(serial));
  EXPECT_EQ(list.size(), 2u);
  EXPECT_EQ(list.bytes(), 500u);
}

TEST(SegmentList, counts_the_bytes_of_all) {
  auto list = three();
  EXPECT_EQ(list.bytes(), 600u);
  list.resize_last(350);
  EXPECT_EQ(list.bytes(), 650u);
  list.resize_last(50);
  EXPECT_EQ(list.bytes(), 350u);
}

TEST(SegmentList, a_segment_that_begins_where_the_last_one_did_replaces_it) {
  SegmentList list;
  list.add(segment(10, 100, 7));
  const uint64_t serial = list.back().serial;
  EXPECT_EQ(list.follows_row({10, 0}, 10), 7u);
  EXPECT_EQ(list.follows_row({20, 0}, 20), 20u);
  list.add(segment(10, 60, list.follows_row({10, 0}, 10)));
  EXPECT_EQ(list.size(), 1u);
  EXPECT_EQ(list.bytes(), 60u);
  EXPECT_EQ(list.back().follows_row, 7u);
  EXPECT_NE(list.back().serial, serial);
}

TEST(SegmentList, goes_on_with_the_serials_of_a_start) {
  SegmentList list;
  auto found = segment(10, 100);
  found.serial = 5;
  list.assign({found});
  EXPECT_EQ(list.bytes(), 100u);
  list.add(segment(20, 200));
  EXPECT_EQ(list.back().serial, 6u);
}

}  // namespace
}  // namespace levada::agent

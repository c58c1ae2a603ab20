#include "agent/pipeline/uncommitted.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

using std::chrono::seconds;

TEST(UncommittedTest, nothing_is_never_due) {
  const Uncommitted nothing({.bytes = 0, .interval = seconds(1)});
  EXPECT_FALSE(nothing.any());
  EXPECT_FALSE(nothing.is_due(seconds(100)));
}

TEST(UncommittedTest, is_due_by_rows_by_bytes_and_by_age) {
  Uncommitted by_rows({.rows = 3, .bytes = 1000, .interval = seconds(10)});
  by_rows.add_rows(2, seconds(1));
  EXPECT_FALSE(by_rows.is_due(seconds(10)));
  EXPECT_TRUE(by_rows.is_due(seconds(11)));
  by_rows.add_rows(1, seconds(2));
  EXPECT_TRUE(by_rows.is_due(seconds(2)));

  Uncommitted by_bytes({.bytes = 1000, .interval = seconds(10)});
  by_bytes.add_bytes(1000);
  EXPECT_FALSE(by_bytes.is_due(seconds(1)));  // Nothing of it was written yet.
  by_bytes.add_rows(0, seconds(1));
  EXPECT_TRUE(by_bytes.is_due(seconds(1)));
}

TEST(UncommittedTest, idle_time_counts_from_the_last_row_and_age_from_the_first) {
  Uncommitted rows({.bytes = 1000, .interval = seconds(10), .idle = seconds(4)});
  rows.add_rows(1, seconds(1));
  EXPECT_EQ(rows.deadline(), seconds(5));
  rows.add_rows(1, seconds(4));
  EXPECT_EQ(rows.deadline(), seconds(8));
  rows.add_rows(1, seconds(9));
  EXPECT_EQ(rows.deadline(), seconds(11));
}

TEST(UncommittedTest, is_not_due_between_parts_of_a_batch) {
  Uncommitted rows({.rows = 1, .bytes = 1000, .interval = seconds(1)});
  rows.add_rows(5, seconds(1));
  rows.add_part("a", false);
  rows.add_rows(5, seconds(1));
  rows.add_part("b", true);
  EXPECT_FALSE(rows.is_due(seconds(9)));
  rows.add_part("a", true);
  EXPECT_TRUE(rows.is_due(seconds(1)));
}

TEST(UncommittedTest, what_was_put_off_waits_until_the_rows_or_eight_times_the_bytes) {
  Uncommitted rows({.rows = 10, .bytes = 100, .interval = seconds(1)});
  rows.put_off(seconds(60));
  rows.add_rows(1, seconds(1));
  rows.add_bytes(799);
  EXPECT_EQ(rows.deadline(), seconds(60));
  EXPECT_FALSE(rows.is_due(seconds(59)));
  EXPECT_TRUE(rows.is_due(seconds(60)));
  rows.add_bytes(1);
  EXPECT_TRUE(rows.is_due(seconds(1)));

  rows.clear();
  EXPECT_FALSE(rows.any());
  rows.add_rows(10, seconds(2));
  EXPECT_TRUE(rows.is_due(seconds(2)));
}

}  // namespace
}  // namespace levada::agent

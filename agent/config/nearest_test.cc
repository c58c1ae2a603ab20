// Which names are taken for meant.
#include "agent/config/nearest.h"

#include <gtest/gtest.h>

namespace levada::agent {

TEST(Nearest, counts_letters_put_in_left_out_replaced_and_swapped) {
  EXPECT_EQ(edit_distance("path", "path"), 0u);
  EXPECT_EQ(edit_distance("pth", "path"), 1u);
  EXPECT_EQ(edit_distance("paath", "path"), 1u);
  EXPECT_EQ(edit_distance("puth", "path"), 1u);
  EXPECT_EQ(edit_distance("ptah", "path"), 1u);
  EXPECT_EQ(edit_distance("", "path"), 4u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Nearest, finds_the_name_that_was_most_likely_meant) {
  const std::vector<std::string> names = {"path", "patterns", "completed", "commit_interval"};
  EXPECT_EQ(nearest("pth", names), "path");
  EXPECT_EQ(nearest("pattern", names), "patterns");
  EXPECT_EQ(nearest("comit_intervall", names), "commit_interval");
  EXPECT_EQ(nearest("Completed", names), "completed");
  EXPECT_EQ(nearest("commit-interval", names), "commit_interval");
  EXPECT_EQ(nearest("COMPLETED", names), "completed");
}

TEST(Nearest, gives_nothing_that_is_another_word) {
  EXPECT_EQ(nearest("topic", {"path", "type"}), "");
  EXPECT_EQ(nearest("a", {"b"}), "");
  EXPECT_EQ(nearest("ab", {"cd"}), "");
  EXPECT_EQ(nearest("path", {}), "");
  EXPECT_EQ(nearest("", {"a"}), "");
}

TEST(Nearest, gives_the_first_of_equals) { EXPECT_EQ(nearest("man", {"mean", "main"}), "mean"); }

TEST(Nearest, asks_only_where_it_found_a_name) {
  EXPECT_EQ(did_you_mean("spol", {"spool"}), "; did you mean \"spool\"?");
  EXPECT_EQ(did_you_mean("kafka", {"spool"}), "");
}

}  // namespace levada::agent

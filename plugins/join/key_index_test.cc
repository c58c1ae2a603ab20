// Keys are found, however many there are, and those of several parts are not mixed up.
#include "join/key_index.h"

#include <gtest/gtest.h>

namespace levada::join {
namespace {

TEST(KeyIndex, finds_what_was_added_and_nothing_else) {
  KeyIndex index;
  EXPECT_EQ(index.find(""), -1);
  for (int64_t row = 0; row < 10'000; ++row) EXPECT_EQ(index.add(std::to_string(row), row), -1);
  for (int64_t row = 0; row < 10'000; ++row) EXPECT_EQ(index.find(std::to_string(row)), row);
  EXPECT_EQ(index.find("10000"), -1);
  EXPECT_EQ(index.find(""), -1);
}

TEST(KeyIndex, says_which_row_has_a_key_already) {
  KeyIndex index;
  EXPECT_EQ(index.add("", 0), -1);
  EXPECT_EQ(index.add("a", 1), -1);
  EXPECT_EQ(index.add("a", 2), 1);
  EXPECT_EQ(index.add("", 3), 0);
  EXPECT_EQ(index.find("a"), 1);
}

TEST(KeyIndex, keeps_parts_apart) {
  const auto key = [](std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const auto part : parts) KeyIndex::append_part(part, text);
    return text;
  };
  EXPECT_NE(key({"a", "bc"}), key({"ab", "c"}));
  EXPECT_NE(key({"", "a"}), key({"a", ""}));
  EXPECT_NE(key({"a"}), key({"a", ""}));
  EXPECT_EQ(key({"a", "b"}), key({"a", "b"}));
}

}  // namespace
}  // namespace levada::join

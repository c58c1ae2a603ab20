// Keys are found, however many there are, and those of several parts are not mixed up.
#include "join/key_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

std::string key(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const auto part : parts) KeyIndex::append_part(part, text);
  return text;
}

TEST(KeyIndex, keeps_parts_apart) {
  EXPECT_NE(key({"a", "bc"}), key({"ab", "c"}));
  EXPECT_NE(key({"", "a"}), key({"a", ""}));
  EXPECT_NE(key({"a"}), key({"a", ""}));
  EXPECT_EQ(key({"a", "b"}), key({"a", "b"}));
}

TEST(KeyIndex, knows_the_keys_that_are_an_integer) {
  KeyIndex index;
  int64_t rows = 0;
  const std::vector<int64_t> some = {INT64_MIN, INT64_MIN + 1, -1, 0, 7, INT64_MAX};
  for (const int64_t integer : some) index.add(key({std::to_string(integer)}), rows++);
  for (int64_t integer = 1'000; integer < 50'000; integer += 3) index.add(key({std::to_string(integer)}), rows++);
  for (const auto* text : {"007", "-0", "+1", "1.0", "", " 2", "9223372036854775808"}) index.add(key({text}), rows++);
  index.add(key({"9", "9"}), rows++);

  const auto& integers = index.integers();
  for (const int64_t integer : some)
    EXPECT_EQ(integers.find(integer), index.find(key({std::to_string(integer)}))) << integer;
  for (int64_t integer = 1'000; integer < 50'000; ++integer)
    ASSERT_EQ(integers.find(integer), index.find(key({std::to_string(integer)}))) << integer;
  for (const int64_t integer : {1, 2, 9}) EXPECT_EQ(integers.find(integer), -1) << integer;
  const int64_t keys[] = {7, 8, -1};
  int64_t found[3];
  integers.find(keys, 99, found);
  EXPECT_EQ(found[0], 4);
  EXPECT_EQ(found[1], 99);
  EXPECT_EQ(found[2], 2);
}

}  // namespace
}  // namespace levada::join

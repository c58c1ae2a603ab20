// Positions as text.
#include "position.h"

#include <gtest/gtest.h>

#include <limits>

namespace levada::tail {
namespace {

TEST(PositionTest, comes_back_from_its_text) {
  FilePosition position;
  position.generation = 3;
  position.identity = {1, 2, std::numeric_limits<uint64_t>::max(), 1024, -7, 5000, 99, 0};
  position.place.offset = 123456789012;
  position.place.in_long_row = true;
  const auto read = parse_position(text_of(position));
  ASSERT_TRUE(read);
  EXPECT_EQ(text_of(*read), text_of(position));
  EXPECT_EQ(read->identity.head, position.identity.head);
  EXPECT_EQ(read->identity.head_bytes, 1024u);
  EXPECT_EQ(read->identity.born_ns, -7);
  EXPECT_TRUE(read->place.in_long_row);
}

TEST(PositionTest, anything_else_is_none) {
  const auto text = text_of({});
  for (const std::string& other : {std::string(), std::string("tail1"), text + " 1", text.substr(0, text.size() - 2),
                                   "tail2" + text.substr(5), std::string("{\"pass\":1}")})
    EXPECT_FALSE(parse_position(other)) << other;
}

}  // namespace
}  // namespace levada::tail

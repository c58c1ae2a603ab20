// What the parser says where a condition is none. What conditions mean: condition_test.cc.
#include "condition_parser.h"

#include <gtest/gtest.h>

namespace levada::conditions {
namespace {

std::string error(std::string_view text) {
  const auto parsed = parse_condition(text);
  return parsed.ok() ? "fine" : parsed.error().message;
}

TEST(ConditionParser, takes_names_and_texts_in_all_their_forms) {
  EXPECT_EQ(error("a == 1"), "fine");
  EXPECT_EQ(error("  _a.b.c==1\n"), "fine");
  EXPECT_EQ(error("@timestamp is null"), "fine");
  EXPECT_EQ(error("`user agent` contains 'it''s'"), "fine");
  EXPECT_EQ(error("`in` in ['a', \"b\"]"), "fine");
  EXPECT_EQ(error("exists(`4xx`)"), "fine");
  EXPECT_EQ(error("a == -1.5e-3 and exists(b) and not c"), "fine");
  EXPECT_EQ(error("exists"), "fine");
}

TEST(ConditionParser, says_where_and_what_it_expected) {
  EXPECT_EQ(error(""), "at character 1: expected a column, got the end");
  EXPECT_EQ(error("a = 1"), "at character 3: expected a comparison: equality is written ==");
  EXPECT_EQ(error("a == 1 && b == 2"), "at character 8: expected and: it is written as a word");
  EXPECT_EQ(error("a == 1 || b == 2"), "at character 8: expected or: it is written as a word");
  EXPECT_EQ(error("!a"), "at character 1: expected a condition: the opposite of one is written with the word not");
  EXPECT_EQ(error("a == "), "at character 6: expected a number or a 'text', true, false or null, got the end");
  EXPECT_EQ(error("a < true"), "at character 5: expected a number or a 'text', got true");
  EXPECT_EQ(error("a == b"), "at character 6: expected a number or a 'text', true, false or null, got b");
  EXPECT_EQ(error("1 == a"), "at character 1: expected a column, got 1");
  EXPECT_EQ(error("(a == 1"), "at character 8: expected ), got the end");
  EXPECT_EQ(error("a == 1)"), "at character 7: expected and, or, or the end, got )");
  EXPECT_EQ(error("a == 1 b == 2"), "at character 8: expected and, or, or the end, got b");
  EXPECT_EQ(error("a in 5"), "at character 6: expected [, got 5");
  EXPECT_EQ(error("a in []"), "at character 7: expected a number or a 'text', got ]");
  EXPECT_EQ(error("a in [1, 'b']"), "at character 10: a list holds numbers or texts, not both");
  EXPECT_EQ(error("a is digits"), "at character 6: expected null, got digits");
  EXPECT_EQ(error("a not 5"), "at character 7: expected in, matches, contains, starts_with or ends_with, got 5");
  EXPECT_EQ(error("a contains 5"), "at character 12: expected a 'text', got 5");
  EXPECT_EQ(error("size(a) > 5"),
            "at character 1: there is no function size: there are exists(column) and is_digits(column)");
  EXPECT_EQ(error("exists(5)"), "at character 8: expected a column, got 5");
  EXPECT_EQ(error("a == 'x"), "at character 6: this ' is never closed");
  EXPECT_EQ(error("a == 5xx"), "at character 6: expected a number; a column of such a name is written `4xx`");
  EXPECT_EQ(error("a == 1 and or"), "at character 12: expected a column, got or");
  EXPECT_EQ(error("a ; b"), "at character 3: unexpected ;");
  EXPECT_EQ(error("a == -"), "at character 6: expected a number");
  EXPECT_EQ(error("a == -inf"), "at character 6: expected a number");
  EXPECT_EQ(error("a matches '(x'"), "at character 11: \"(x\" is no regular expression: missing ): (x");
}

TEST(ConditionParser, refuses_to_nest_without_end) {
  EXPECT_EQ(error(std::string(100'000, '(')), "at character 202: too many conditions within each other");
  std::string nots;
  for (int each = 0; each < 100'000; ++each) nots += "not ";
  EXPECT_EQ(error(nots).substr(0, 22), "at character 805: too ");
}

}  // namespace
}  // namespace levada::conditions

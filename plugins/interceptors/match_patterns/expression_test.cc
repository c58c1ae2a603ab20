// Which expressions are searched by a LazyDfa, and which are left to RE2. What they match stands in
// the test of PatternSet.
#include "expression.h"

#include <gtest/gtest.h>

namespace levada::match_patterns {
namespace {

bool is_known(std::string_view text, Encoding encoding = Encoding::utf8) {
  return parse_expression(text, encoding).has_value();
}

TEST(Expression, is_known_where_it_has_what_is_common) {
  for (const auto* const text : {"", "a|b|", "()", "(?:a(b))+?", "(?P<name>a)", "(?<name>a)", "(?i)a", "(?i:a)b",
                                 "a(?sm-i)b.", "[a-z0-9_.-]", "[]a]", "[^]a]", "[\\w\\-]", "\\d{3}", "a{0,2}b{1,}",
                                 "^a$|\\Ab\\z|\\b\\B", "\\.\\*\\\\ \\n\\t", "}]", "\u00e4"})
    EXPECT_TRUE(is_known(text)) << text;
}

TEST(Expression, is_left_to_RE2_where_anything_in_it_is_not_known) {
  for (const auto* const text :
       {"[[:alpha:]]", "\\pL", "\\x41", "\\x{e4}", "\\Qa\\E", "\\C", "\\101", "(?i)\u00e4", "[\u00e4]", "[a-\u00e4]",
        "^*", "\\b+", "a(?i)*", "{", "a{,2}", "[\\pL]", "(?i)[^k]", "(?i)\\W"})
    EXPECT_FALSE(is_known(text)) << text;
}

TEST(Expression, of_bytes_has_no_letters_beyond_them) {
  EXPECT_TRUE(is_known("(?i)[^k]", Encoding::latin1));
  EXPECT_TRUE(is_known("(?i)\\W", Encoding::latin1));
  EXPECT_TRUE(is_known("\xe4", Encoding::latin1));
  EXPECT_FALSE(is_known("(?i)\xe4", Encoding::latin1));
}

TEST(Expression, that_is_nested_too_deeply_is_left_to_RE2) {
  const auto nested = [](size_t depth) { return std::string(depth, '(') + "a" + std::string(depth, ')'); };
  EXPECT_TRUE(is_known(nested(90)));
  EXPECT_FALSE(is_known(nested(110)));
}

}  // namespace
}  // namespace levada::match_patterns

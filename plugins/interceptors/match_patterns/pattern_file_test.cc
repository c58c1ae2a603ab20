// Files of patterns: what is read, and where something is wrong in them.
#include "pattern_file.h"

#include <gtest/gtest.h>

#include "declarations.h"
#include "default_patterns.h"
#include "pattern_set.h"

namespace levada::match_patterns {
namespace {

// "none", or what is wrong with the file.
std::string fault_of(const std::string& text) {
  auto root = read_pattern_file("p.toml", text);
  if (!root) return root.error().message;
  const Node none;
  const auto* patterns = root->find("patterns");
  const auto* first = root->find("first");
  Declarations declarations;
  if (auto wrong =
          read_declarations(patterns ? *patterns : none, first ? *first : none, As::boolean, "", "names", declarations))
    return error_in_file("p.toml", text, *wrong).message;
  Fault fault;
  if (PatternSet::compile(std::move(declarations), Encoding::utf8, 1 << 20, fault)) return "none";
  return error_in_file("p.toml", text, fault).message;
}

TEST(PatternFile, keeps_the_order_in_which_patterns_stand_there) {
  const auto root =
      read_pattern_file("p.toml", "[patterns]\nz = 'a'\nb = { pattern = 'x', as = \"count\" }\na = \"\"\n");
  ASSERT_TRUE(root) << root.error().message;
  const auto& items = root->find("patterns")->items;
  ASSERT_EQ(items.size(), 3u);
  EXPECT_EQ(items[0].key + items[1].key + items[2].key, "zba");
  EXPECT_EQ(items[1].find("pattern")->path, "patterns.b.pattern");
}

TEST(PatternFile, says_where_it_is_no_toml) {
  EXPECT_EQ(fault_of("[patterns]\na = x\n").substr(0, 13), "p.toml:2:5: E");
  EXPECT_EQ(fault_of("[patterns]\na = 'x'\na = 'y'\n").substr(0, 9), "p.toml:3:");
}

TEST(PatternFile, says_where_an_expression_is_wrong) {
  EXPECT_EQ(fault_of("[patterns]\nok = 'a'\nip = 'ab[z'\n"), "p.toml:3:9: missing ]: [z");
  EXPECT_EQ(fault_of("[patterns]\nip = { as = \"count\", pattern = 'ab[z' }\n").substr(0, 12), "p.toml:2:35:");
  EXPECT_EQ(fault_of("[patterns]\nip = 'b(?<x>a)\\8'\n").substr(0, 12), "p.toml:2:8: ");
}

TEST(PatternFile, says_where_an_expression_is_wrong_behind_escapes_and_over_lines) {
  EXPECT_EQ(fault_of("[patterns]\nip = \"\\\\d\\u00e4\\U0001F600[z\"\n").substr(0, 13), "p.toml:2:26: ");
  EXPECT_EQ(fault_of("[patterns]\nip = '''\na|\nü[z'''\n").substr(0, 12), "p.toml:4:2: ");
  EXPECT_EQ(fault_of("[patterns]\nip = \"\"\"a|\\\n   b[z\"\"\"\n").substr(0, 12), "p.toml:3:5: ");
}

TEST(PatternFile, says_what_is_not_as_it_should_be) {
  EXPECT_EQ(fault_of(""), "p.toml:1:1: there are no patterns: [patterns] has a line NAME = 'EXPRESSION' for each");
  EXPECT_EQ(fault_of("[patterns]\na = 7\n"),
            "p.toml:2:5: must be a regular expression, or a table with pattern = \"...\"");
  EXPECT_EQ(fault_of("[patterns]\n\"a b\" = 'x'\n").substr(0, 24), "p.toml:2:9: a pattern is");
  EXPECT_EQ(fault_of("[patterns]\na = { pattern = 'x', kind = \"b\" }\n"),
            "p.toml:2:29: \"kind\" is not known here; there are pattern, as, column, type");
  EXPECT_EQ(fault_of("[patterns]\na = { as = \"count\" }\n"),
            "p.toml:2:5: \"pattern\", the regular expression, is missing");
  EXPECT_EQ(fault_of("[patterns]\na = { pattern = 'x', as = \"often\" }\n"),
            "p.toml:2:27: must be one of none, boolean, count, value");
  EXPECT_EQ(fault_of("[patterns]\na = { pattern = 'x', type = \"int64\" }\n"),
            "p.toml:2:29: only a value has a type: as = \"value\"");
  EXPECT_EQ(fault_of("[patterns]\na = { pattern = 'x', as = \"value\", type = \"uuid\" }\n").substr(0, 26),
            "p.toml:2:43: must be one o");
  EXPECT_EQ(fault_of("[patterns]\na = 'x'\nb = { pattern = 'y', column = \"a\" }\n"),
            "p.toml:3:5: another column is called \"a\"");
  EXPECT_EQ(fault_of("[patterns]\nbody = 'x'\n"), "p.toml:2:8: another column is called \"body\"");
  EXPECT_EQ(fault_of("[patterns]\nnames = 'x'\n"), "p.toml:2:9: another column is called \"names\"");
  EXPECT_EQ(fault_of("[patterns]\na = 'x'\n[first]\nlevel = [\"b\"]\n"), "p.toml:4:10: there is no pattern \"b\"");
  EXPECT_EQ(fault_of("[patterns]\na = 'x'\n[first]\nlevel = [\"a\", \"a\"]\n"),
            "p.toml:4:15: \"a\" stands in it twice");
  EXPECT_EQ(fault_of("[patterns]\na = 'x'\n[first]\na = [\"a\"]\n"), "p.toml:4:5: another column is called \"a\"");
  EXPECT_EQ(fault_of("[patterns]\na = 'x'\n[first]\nlevel = { strip = \"a\" }\n").substr(0, 18),
            "p.toml:4:9: \"of\", ");
  std::string many = "[patterns]\n";
  for (int at = 0; at < 257; ++at) many += "p" + std::to_string(at) + " = 'x'\n";
  EXPECT_EQ(fault_of(many), "p.toml:258:8: a set has at most 256 patterns");
}

TEST(PatternFile, the_set_that_is_built_in_is_sound) { EXPECT_EQ(fault_of(kDefaultPatterns), "none"); }

}  // namespace
}  // namespace levada::match_patterns

// Sets of patterns: all at once says what each by itself says.
#include "pattern_set.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace levada::match_patterns {
namespace {

using Found = std::vector<int>;

std::unique_ptr<PatternSet> set_of(const std::vector<std::string>& expressions, Encoding encoding = Encoding::utf8,
                                   int64_t bytes = 8 << 20) {
  Declarations declarations;
  for (const auto& expression : expressions) {
    auto& pattern = declarations.patterns.emplace_back();
    pattern.name = "p" + std::to_string(declarations.patterns.size());
    pattern.expression = expression;
  }
  Fault fault;
  auto made = PatternSet::compile(std::move(declarations), encoding, bytes, fault);
  EXPECT_TRUE(made) << fault.why;
  return made;
}

Found found(PatternSet& set, std::string_view text) {
  const auto numbers = set.find(text);
  return {numbers.begin(), numbers.end()};
}

std::vector<std::string> matches(PatternSet& set, std::string_view text, int64_t most = 100) {
  std::vector<std::string> all;
  set.each_match(0, text, most, [&](const PatternSet::Match& match) {
    all.push_back(std::to_string(match.value.data() - text.data()) + " " + std::string(match.value));
  });
  return all;
}

TEST(PatternSet, finds_all_patterns_that_occur_in_their_order) {
  const auto set = set_of({"c+", "^b", "a", "(?i)A$", "", "x"});
  EXPECT_EQ(found(*set, "bac"), (Found{0, 1, 2, 4}));
  EXPECT_EQ(found(*set, "ca"), (Found{0, 2, 3, 4}));
  EXPECT_EQ(found(*set, ""), Found{4});
  EXPECT_EQ(found(*set_of({"x"}), "bac"), Found());
}

TEST(PatternSet, gives_what_each_pattern_by_itself_gives_with_little_memory_too) {
  const std::vector<std::string> expressions = {"(?:a|b)*a(?:a|b){9}c", "[ab]*b[ab]{11}[ab]$", "abba"};
  // In the small one the automaton has more states than there is room for, and begins anew.
  const auto small = set_of(expressions, Encoding::utf8, 1 << 15);
  const auto large = set_of(expressions, Encoding::utf8, 64 << 20);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (auto size = random() % 400; size > 0; --size) text += "abc"[random() % (random() % 8 == 0 ? 3 : 2)];
    const auto all = found(*large, text);
    EXPECT_EQ(found(*small, text), all) << text;
    const auto singly = large->find_singly(text);
    EXPECT_EQ(Found(singly.begin(), singly.end()), all) << text;
  }
}

TEST(PatternSet, gives_the_matches_of_a_pattern_one_after_the_other) {
  EXPECT_EQ(matches(*set_of({"[0-9]+"}), "7 and 42"), (std::vector<std::string>{"0 7", "6 42"}));
  EXPECT_EQ(matches(*set_of({"[0-9]+"}), "7 and 42", 1), (std::vector<std::string>{"0 7"}));
  EXPECT_EQ(matches(*set_of({"user=(\\w+)|id=(\\w+)"}), "id=7 user=a"), (std::vector<std::string>{"3 7", "10 a"}));
  EXPECT_EQ(matches(*set_of({"^a"}), "aa"), (std::vector<std::string>{"0 a"}));
  EXPECT_EQ(matches(*set_of({"\\b"}), "a b"), (std::vector<std::string>{"0 ", "1 ", "2 ", "3 "}));
  EXPECT_EQ(matches(*set_of({""}), "\u00e4b"), (std::vector<std::string>{"0 ", "2 ", "3 "}));
  EXPECT_EQ(matches(*set_of({""}, Encoding::latin1), "\u00e4"), (std::vector<std::string>{"0 ", "1 ", "2 "}));
}

TEST(PatternSet, takes_any_bytes_for_characters_where_it_should) {
  EXPECT_EQ(found(*set_of({"a.b"}),
                  "a\xff"
                  "b"),
            Found());
  EXPECT_EQ(found(*set_of({"a.b"}, Encoding::latin1),
                  "a\xff"
                  "b"),
            Found{0});
  EXPECT_EQ(found(*set_of({"a.b"}), "a\u00e4b"), Found{0});
  EXPECT_EQ(found(*set_of({"a.b"}, Encoding::latin1), "a\u00e4b"), Found());
  const std::string nul("a\0b", 3);
  EXPECT_EQ(found(*set_of({"a.b"}), nul), Found{0});
}

TEST(PatternSet, that_is_too_large_is_refused) {
  Declarations declarations;
  declarations.patterns.resize(2);
  for (auto& pattern : declarations.patterns) pattern.expression = "[a-z\u00e4-\u00ff]{500}";
  Fault fault;
  EXPECT_FALSE(PatternSet::compile(std::move(declarations), Encoding::utf8, 1 << 12, fault));
  EXPECT_EQ(fault.why, "all patterns together need more memory than `memory_bytes`");
}

}  // namespace
}  // namespace levada::match_patterns

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

// What RE2 says of each pattern by itself.
Found found_singly(const PatternSet& set, std::string_view text) {
  Found numbers;
  for (size_t at = 0; at < set.patterns().size(); ++at)
    if (set.occurs(at, text)) numbers.push_back(static_cast<int>(at));
  return numbers;
}

TEST(PatternSet, gives_what_each_pattern_by_itself_gives_with_little_memory_too) {
  // RE2 alone searches for the last two.
  const auto set = [](int64_t bytes) {
    return set_of({"(?:a|b)*a(?:a|b){9}c", "[ab]*b[ab]{11}[ab]$", "abba", "(?:[[:alpha:]]|b)*a(?:a|b){9}c",
                   "[[:lower:]]*b[ab]{11}[ab]$"},
                  Encoding::utf8, bytes);
  };
  // In the small one the automata have more states than there is room for, and begin anew.
  const auto small = set(1 << 15);
  const auto large = set(64 << 20);
  EXPECT_EQ(small->rest(), 2u);
  EXPECT_EQ(large->rest(), 2u);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (auto size = random() % 400; size > 0; --size) text += "abc"[random() % (random() % 8 == 0 ? 3 : 2)];
    const auto all = found_singly(*large, text);
    EXPECT_EQ(found(*small, text), all) << text;
    EXPECT_EQ(found(*large, text), all) << text;
  }
}

// Random expressions of what parse_expression() knows.
class RandomExpressions {
 public:
  RandomExpressions(unsigned seed, Encoding encoding) : random_(seed), encoding_(encoding) {}

  std::string next() { return (below(6) == 0 ? one_of({"(?i)", "(?s)", "(?m)", "(?im)", "(?s-m)"}) : "") + any(3); }
  size_t below(size_t limit) { return random_() % limit; }
  std::string one_of(const std::vector<std::string>& all) { return all[below(all.size())]; }

 private:
  std::string any(int depth) {
    std::string made = sequence(depth);
    while (below(5) == 0) made += "|" + sequence(depth);
    return made;
  }
  std::string sequence(int depth) {
    std::string made;
    for (size_t parts = below(4); parts > 0; --parts) {
      if (below(4) == 0) made += assertion();
      else made += atom(depth) + (below(3) == 0 ? repetition() : "");
    }
    return made;
  }
  std::string atom(int depth) {
    if (depth > 0 && below(4) == 0)
      return one_of({"(", "(?:", "(?P<n" + std::to_string(++groups_) + ">", "(?i:", "(?-i:", "(?s:"}) + any(depth - 1) +
             ")";
    if (below(4) == 0) return bracket();
    if (below(8) == 0) return encoding_ == Encoding::utf8 ? "\u00e4" : "\\.";
    return one_of({"a",   "b",   "k",   "S",   "_",   "1",   "-",   " ", ".", "\\d",   "\\D",
                   "\\w", "\\s", "\\S", "\\n", "\\t", "\\.", "\\[", "]", "=", "(?:ab)"});
  }
  std::string bracket() {
    static const std::vector<std::string> parts = {"a",   "b",   "a-c", "A-Z", "0-1", "_",   "k", "s",
                                                   "\\d", "\\s", "\\n", "\\-", "\\]", " -/", ".", "^"};
    std::string made = one_of({"[", "[^", "[]", "[^]"}) + one_of(parts);
    for (size_t more = below(3); more > 0; --more) made += one_of(parts);
    return made + (below(8) == 0 ? "-]" : "]");
  }
  std::string repetition() {
    return one_of({"*", "+", "?", "*?", "+?", "??", "{2}", "{0,1}", "{1,2}?", "{2,}", "{0}"});
  }
  std::string assertion() { return one_of({"^", "$", "\\b", "\\B", "\\A", "\\z"}); }

  std::mt19937 random_;
  const Encoding encoding_;
  int groups_ = 0;
};

// Short texts of what the expressions tell apart: cut characters, NULs and line ends, too.
std::string random_text(RandomExpressions& random) {
  std::string text;
  for (size_t size = random.below(12); size > 0; --size)
    text += random.one_of({"a",
                           "b",
                           "A",
                           "B",
                           "c",
                           "k",
                           "K",
                           "s",
                           "S",
                           "_",
                           "1",
                           "0",
                           "-",
                           " ",
                           ".",
                           "=",
                           "[",
                           "]",
                           "\n",
                           "\t",
                           "\v",
                           std::string(1, '\0'),
                           "\u00e4",
                           "\u212a",
                           "\u017f",
                           "\u20ac",
                           "\U0001f600",
                           "\xc3",
                           "\xff",
                           "\xe2\x84",
                           "\xa4",
                           "\xc0\x80",
                           "\xe0\x80\x80",
                           "\xed\xa0\x80",
                           "\xf4\x90\x80\x80",
                           "\xf5\x80\x80\x80"});
  return text;
}

class Searches : public testing::TestWithParam<Encoding> {};

TEST_P(Searches, find_what_each_pattern_by_itself_finds) {
  RandomExpressions random(11, GetParam());
  size_t patterns = 0, rest = 0, matches = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> expressions;
    while (expressions.size() < 6) {
      auto expression = random.next();
      if (RE2(expression, RE2::Quiet).ok()) expressions.push_back(std::move(expression));
    }
    const auto set = set_of(expressions, GetParam());
    patterns += expressions.size();
    rest += set->rest();
    for (int text_round = 0; text_round < 60; ++text_round) {
      const auto text = random_text(random);
      const auto expected = found_singly(*set, text);
      matches += expected.size();
      ASSERT_EQ(found(*set, text), expected)
          << testing::PrintToString(expressions) << " in " << testing::PrintToString(text);
    }
  }
  EXPECT_LT(rest, patterns / 4) << "RE2 has searched itself";
  EXPECT_GT(matches, patterns * 60 / 10);
  EXPECT_LT(matches, patterns * 60 * 9 / 10);
}

TEST_P(Searches, know_each_character_as_RE2_does) {
  const auto set = set_of(
      {"^.$", "^[^a]$", "^\\W$", "^\\S$", "^\\D$", "(?i)^k$", "(?i)^[s]$", "(?i)^[j-t]$", "(?is)^.$"}, GetParam());
  EXPECT_EQ(set->rest(), 0u);
  // All of one and two bytes, and those that begin longer characters with what may be behind them.
  std::vector<std::string> texts;
  for (int first = 0; first < 256; ++first) {
    texts.emplace_back(1, static_cast<char>(first));
    for (int second = 0; second < 256; ++second)
      texts.push_back(texts[texts.size() - 1].substr(0, 1) + static_cast<char>(second));
  }
  for (const std::string last : {"\x7f", "\x80", "\xaa", "\xbf", "\xc0"})
    for (int first = 0xc0; first < 256; ++first)
      for (const int second : {0x7f, 0x80, 0x84, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0}) {
        const std::string two{static_cast<char>(first), static_cast<char>(second)};
        texts.push_back(two + last);
        texts.push_back(two + "\x80" + last);
        texts.push_back(two + "\x80\x80" + last);
      }
  for (const auto& text : texts) ASSERT_EQ(found(*set, text), found_singly(*set, text)) << testing::PrintToString(text);
}

TEST_P(Searches, go_on_where_the_automaton_has_no_room_for_a_pattern) {
  // The automaton has room for two of these.
  const std::string large = "(?:[0-8]a[0-8]a[0-8]a[0-8]a[0-8]a){900}";
  const auto set = set_of({"x1", "^" + large + "x", "^b" + large, "^" + large + "c", "x2"}, GetParam(), 64 << 20);
  EXPECT_EQ(set->rest(), 1u);
  std::string text;
  for (int times = 0; times < 5 * 900; ++times) text += "7a";
  EXPECT_EQ(found(*set, text + "cx1"), (Found{0, 3}));
  EXPECT_EQ(found(*set, text + "x2"), (Found{1, 4}));
  EXPECT_EQ(found(*set, "b" + text), Found{2});
  EXPECT_EQ(found(*set, text), Found());
}

TEST_P(Searches, take_texts_of_any_length) {
  const auto set = set_of({"b$", "^a*b$", "(?:^|x)b", "a{100}b"}, GetParam());
  for (const size_t size : {0u, 1u, 99u, 100u, 1u << 22})
    for (const std::string end : {"b", "b\n", "\n"}) {
      const auto text = std::string(size, 'a') + end;
      EXPECT_EQ(found(*set, text), found_singly(*set, text)) << size << testing::PrintToString(end);
    }
}

INSTANTIATE_TEST_SUITE_P(, Searches, testing::Values(Encoding::utf8, Encoding::latin1));

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

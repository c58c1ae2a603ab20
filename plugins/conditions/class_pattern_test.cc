// ClassPattern says of every text what RE2 says.
#include "class_pattern.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>

namespace levada::conditions {
namespace {

TEST(ClassPattern, takes_only_expressions_of_one_class) {
  for (const auto* expression :
       {"^[0-9]+$", "^\\d*$", "^[a-z]{3}$", "^[\\w.-]{2,}$", "^[A-Fa-f0-9]{1,12}$", "^[-a]$", "^[a-]+$"})
    EXPECT_TRUE(ClassPattern::parse(expression)) << expression;
  for (const auto* expression :
       {"[0-9]+",         "^[0-9]+", "[0-9]+$", "^[^0-9]+$",    "^[0-9]+?$",    "^a+$",          "^[0-9]+x$",
        "^[[:digit:]]+$", "^\\s+$",  "^[z-a]$", "^[0-9",        "^[]a]$",       "^[0-9]{2000}$", "^[0-9]{3,2}$",
        "^[0-9]++$",      "",        "^$",      "^[\xc3\xa4]$", "(?i)^[a-z]+$", "^[a-\\d]$"})
    EXPECT_FALSE(ClassPattern::parse(expression)) << expression;
}

TEST(ClassPattern, says_what_re2_says) {
  std::mt19937 random(1);
  const auto below = [&](size_t bound) { return random() % bound; };
  const std::string classes[] = {"[0-9]", "\\d",     "\\w",         "[a-f0-9]", "[-a]", "[\\w.-]",
                                 "[+--]", "[\\d-z]", "[0-9a-c.,:]", "[\\].]",   "[1-9]"};
  const std::string counts[] = {"", "+", "*", "{1}", "{8}", "{0,3}", "{5,}", "{7,12}", "{0}"};
  const std::string characters = "0123456789019abcdefz._-+,:/;@ \n\xff]";
  for (const auto& each : classes) {
    for (const auto& count : counts) {
      const auto expression = "^" + each + count + "$";
      const auto pattern = ClassPattern::parse(expression);
      ASSERT_TRUE(pattern) << expression;
      re2::RE2 re2(expression);
      ASSERT_TRUE(re2.ok());
      for (int round = 0; round < 3000; ++round) {
        std::string text;
        // Mostly digits, or nothing would ever match.
        const auto variety = below(3) ? 12 : characters.size();
        for (auto size = below(20); size > 0; --size) text += characters[below(variety)];
        const bool expected = re2::RE2::PartialMatch(text, re2);
        EXPECT_EQ((*pattern)(text), expected) << expression << " of " << text;
        const void* buffer = text.data();
        ArrowArray array{};
        const auto view = View::of(text, 0, 0);
        const void* buffers[] = {nullptr, &view, buffer};
        array.buffers = buffers;
        EXPECT_EQ((*pattern)(Views(array), view), expected) << expression << " of the view of " << text;
      }
    }
  }
}

}  // namespace
}  // namespace levada::conditions

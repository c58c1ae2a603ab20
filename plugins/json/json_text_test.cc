// Escapes, numbers and UTF-8, valid and hostile.
#include "json/json_text.h"

#include <gtest/gtest.h>
#include <simdjson.h>

namespace levada {
namespace {

std::string unescaped(std::string_view content) {
  std::string out;
  return unescape(content, out) ? out : "<invalid>";
}

TEST(JsonText, resolves_escapes) {
  EXPECT_EQ(unescaped("plain"), "plain");
  EXPECT_EQ(unescaped(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescaped(R"(a\u0041\u00e9\u20AC\ud83d\ude00z)"), "aA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
  EXPECT_EQ(unescaped(R"(\u0000)"), std::string(1, '\0'));
}

TEST(JsonText, refuses_escapes_that_mean_nothing) {
  for (const char* content :
       {R"(\)", R"(\x)", R"(\u12)", R"(\u12g4)", R"(\ud800)", R"(\ud800\n)", R"(\ud800\u0041)", R"(\udc00)"})
    EXPECT_EQ(unescaped(content), "<invalid>") << content;
}

TEST(JsonText, reads_numbers_that_a_double_can_hold) {
  EXPECT_EQ(parse_double("1.5"), 1.5);
  EXPECT_EQ(parse_double("-0"), 0.0);
  EXPECT_EQ(parse_double("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_EQ(parse_double("1e-400"), 0.0);
  EXPECT_EQ(parse_double("0.000e999"), 0.0);
  for (const char* text : {"", "x", "1x", "inf", "1e309", "-1e309", "123456789e301"})
    EXPECT_EQ(parse_double(text), std::nullopt) << text;
}

TEST(JsonText, knows_utf8_as_simdjson_does) {
  // Each pair of first bytes, followed by what would complete them.
  for (int first = 0; first < 256; ++first)
    for (int second = 0; second < 256; ++second) {
      const char text[] = {static_cast<char>(first), static_cast<char>(second), '\x80', '\x80'};
      for (size_t size = 1; size <= 4; ++size)
        EXPECT_EQ(utf8_size({text, size}) == size, simdjson::validate_utf8(text, size) && (size == 1 || first >= 0xc2))
            << first << ' ' << second << ' ' << size;
    }
}

TEST(JsonText, writes_each_escape_so_that_it_reads_back) {
  for (int c = 0; c < 0x20; ++c) {
    char escape[6];
    const size_t size = write_escape(static_cast<char>(c), escape);
    EXPECT_EQ(unescaped({escape, size}), std::string(1, static_cast<char>(c)));
  }
}

}  // namespace
}  // namespace levada

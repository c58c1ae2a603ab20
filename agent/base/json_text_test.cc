#include "agent/base/json_text.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

std::string json(std::string_view text) {
  std::string to = "before ";
  append_json_text(to, text);
  return to.substr(7);
}

TEST(JsonText, escapes_what_json_asks_for) {
  EXPECT_EQ(json(""), R"("")");
  EXPECT_EQ(json("a\"b\\c\n\r\t\x01\x1f\x7f"), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f\x7f\"");
  EXPECT_EQ(json("\xc3\xa4"), "\"\xc3\xa4\"");
}

TEST(JsonText, escapes_at_every_place_of_texts_of_every_length) {
  for (size_t length = 1; length < 70; ++length) {
    for (size_t at = 0; at < length; ++at) {
      std::string text(length, 'x');
      text[at] = '"';
      std::string expected(length, 'x');
      expected.replace(at, 1, "\\\"");
      EXPECT_EQ(json(text), '"' + expected + '"');
    }
    EXPECT_EQ(json(std::string(length, '\\')).size(), 2 * length + 2);
    EXPECT_EQ(json(std::string(length, '\x02')).size(), 6 * length + 2);
  }
}

TEST(JsonText, knows_what_is_utf8) {
  for (const char* text :
       {"", "plain", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "12345678\xc3\xa4", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* text :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "1234567\xc3"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(JsonText, writes_base64_with_padding) {
  const auto base64 = [](std::string_view bytes) {
    std::string to(json_text_bound(bytes.size()), ' ');
    to.resize(static_cast<size_t>(write_base64(bytes, to.data()) - to.data()));
    return to;
  };
  EXPECT_EQ(base64(""), R"("")");
  EXPECT_EQ(base64("f"), R"("Zg==")");
  EXPECT_EQ(base64("fo"), R"("Zm8=")");
  EXPECT_EQ(base64("foo"), R"("Zm9v")");
  EXPECT_EQ(base64("\xff\xfe\xfd"), R"("//79")");
}

}  // namespace
}  // namespace levada::agent

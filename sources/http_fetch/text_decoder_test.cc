// Encodings of text, cut anywhere.
#include "text_decoder.h"

#include <gtest/gtest.h>

namespace levada::http_fetch {
namespace {

using namespace std::string_literals;

struct Decoded {
  std::string text;
  int64_t replaced;
  bool is_unknown;
};

// In parts of that many bytes.
Decoded decoded(const std::string& bytes, const std::string& charset, size_t step) {
  TextDecoder decoder(charset);
  Decoded all;
  for (size_t at = 0; at < bytes.size(); at += step) decoder.decode(std::string_view(bytes).substr(at, step), all.text);
  decoder.finish(all.text);
  all.replaced = decoder.replaced();
  all.is_unknown = decoder.is_unknown();
  return all;
}

// The same however it is cut.
std::string text(const std::string& bytes, const std::string& charset = "") {
  const auto whole = decoded(bytes, charset, bytes.size() + 1).text;
  for (size_t step = 1; step < 8; ++step) EXPECT_EQ(decoded(bytes, charset, step).text, whole) << step;
  return whole;
}

std::string utf16le(const std::u16string& text) {
  std::string all;
  for (const char16_t unit : text) (all += static_cast<char>(unit & 0xff)) += static_cast<char>(unit >> 8);
  return all;
}

TEST(TextDecoder, passes_utf8_and_takes_off_its_mark) {
  EXPECT_EQ(text("a\xc3\xa9\n"), "a\xc3\xa9\n");
  EXPECT_EQ(text("\xef\xbb\xbf"
                 "a"),
            "a");
  EXPECT_EQ(text("\xef\xbb\xbf"), "");
  EXPECT_EQ(text(""), "");
  EXPECT_EQ(text("\xff\xff\xff"), "\xff\xff\xff") << "what is no UTF-8 is for rows to judge";
  EXPECT_EQ(text("a", "utf-8"), "a");
}

TEST(TextDecoder, knows_utf16_and_utf32_by_their_marks) {
  const auto wide = utf16le(u"h\u00e9\U0001f600\n");
  EXPECT_EQ(text("\xff\xfe" + wide), "h\xc3\xa9\xf0\x9f\x98\x80\n");
  EXPECT_EQ(text("\xfe\xff\0h\0i"s), "hi");
  EXPECT_EQ(text("\xff\xfe\0\0h\0\0\0"s), "h");
  EXPECT_EQ(text("\0\0\xfe\xff\0\0\0h"s), "h");
  EXPECT_EQ(text("\xff\xfe"), "");
}

TEST(TextDecoder, a_mark_counts_more_than_a_name) {
  EXPECT_EQ(text("\xef\xbb\xbf"
                 "\xc3\xa9",
                 "iso-8859-1"),
            "\xc3\xa9");
  EXPECT_EQ(text("\xff\xfe"
                 "h\0"s,
                 "utf-8"),
            "h");
}

TEST(TextDecoder, decodes_what_is_named) {
  EXPECT_EQ(text(utf16le(u"hi"), "UTF-16LE"), "hi");
  EXPECT_EQ(text(utf16le(u"hi"), "utf-16"), "hi");
  EXPECT_EQ(text("caf\xe9", "latin1"), "caf\xc3\xa9");
  EXPECT_EQ(text("\x80", "windows-1252"), "\xe2\x82\xac");
  EXPECT_EQ(text("\xd0\xc9", "koi8-r"), "\xd0\xbf\xd0\xb8");
}

TEST(TextDecoder, what_is_no_text_is_replaced_and_counted) {
  const auto half = decoded("\xff\xfe" + utf16le(u"a") + "b", "", 3);
  EXPECT_EQ(half.text, "a\xef\xbf\xbd");
  EXPECT_EQ(half.replaced, 1);
  const auto lone = decoded("\xff\xfe" + utf16le({u'a', char16_t(0xdc00), u'b'}), "", 1);
  EXPECT_EQ(lone.text,
            "a\xef\xbf\xbd"
            "b");
  EXPECT_EQ(lone.replaced, 1);
}

TEST(TextDecoder, an_encoding_that_nobody_knows_passes_as_it_is) {
  const auto none = decoded("a\xe9", "x-none", 1);
  EXPECT_EQ(none.text, "a\xe9");
  EXPECT_TRUE(none.is_unknown);
}

TEST(TextDecoder, finds_the_name_in_a_content_type) {
  EXPECT_EQ(charset_of("text/plain; charset=utf-16"), "utf-16");
  EXPECT_EQ(charset_of("text/plain;Charset=\"ISO-8859-1\"; x=1"), "ISO-8859-1");
  EXPECT_EQ(charset_of("text/plain"), "");
  EXPECT_EQ(charset_of("text/plain; charset=utf-8//TRANSLIT"), "");
}

}  // namespace
}  // namespace levada::http_fetch

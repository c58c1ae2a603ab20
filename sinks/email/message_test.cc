// Mails as text: whatever stands in a row, headers stay what they are.
#include "message.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace levada::email {
namespace {

using namespace std::chrono_literals;

std::string fault(std::string_view text) {
  const auto address = parse_address(text);
  return address ? "none" : address.error().message;
}

TEST(MessageTest, addresses_have_a_mailbox_and_maybe_a_name) {
  EXPECT_EQ(*parse_address("ops@example.com"), (Address{"", "ops@example.com"}));
  EXPECT_EQ(*parse_address(" Operations <ops+x@example.com> "), (Address{"Operations", "ops+x@example.com"}));
  EXPECT_EQ(*parse_address("\"Ops, at night\" <ops@localhost>"), (Address{"Ops, at night", "ops@localhost"}));
  for (const char* text : {"", "ops", "@x", "x@", "a b@x", "a@b@c", "a@b, c@d", "a@b>", "<a@b", "a@b\r\nBcc: c@d",
                           "x\r\nBcc: c@d <a@b>", "a@b\n", "\xc3\xa4@b", "a@\xc3\xa4", "a;b@c", "<>"})
    EXPECT_NE(fault(text), "none") << text;
  EXPECT_NE(fault(std::string(300, 'a') + "@b"), "none");
  EXPECT_EQ(fault("a@b\r\nBcc: c@d").find('\n'), std::string::npos);
}

TEST(MessageTest, a_message_has_its_headers_and_an_encoded_text) {
  const Mail mail{{"levada", "levada@example.com"}, {{"", "a@x"}, {"B\"b", "b@x"}}, "disk full", "it is\nfull = bad\n"};
  EXPECT_EQ(format_message(mail, "1@example.com", 784'111'777s),
            "Date: Sun, 06 Nov 1994 08:49:37 +0000\r\n"
            "From: \"levada\" <levada@example.com>\r\n"
            "To: a@x, \"B\\\"b\" <b@x>\r\n"
            "Subject: disk full\r\n"
            "Message-ID: <1@example.com>\r\n"
            "Auto-Submitted: auto-generated\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n"
            "\r\n"
            "it is\r\nfull =3D bad\r\n");
}

TEST(MessageTest, nothing_puts_a_header_into_a_mail) {
  const std::string evil = "x\r\nBcc: victim@x\r\n\r\nbody\n\x01\x7f";
  const Mail mail{{evil, "a@x"}, {{evil, "b@x"}}, evil, evil};
  const auto message = format_message(mail, "1@x", 0s);
  const auto head = message.substr(0, message.find("\r\n\r\n"));
  EXPECT_EQ(std::count(head.begin(), head.end(), '\n'), 8) << head;
  EXPECT_EQ(head.find("\r\nBcc"), std::string::npos);
  for (size_t at = 0; at < message.size(); ++at)
    EXPECT_TRUE(message[at] != '\n' || (at > 0 && message[at - 1] == '\r'));
}

TEST(MessageTest, what_is_no_ascii_becomes_encoded_words) {
  EXPECT_EQ(encode_header("plain text"), "plain text");
  EXPECT_EQ(encode_header("Stra\xc3\x9f"
                          "e"),
            "=?utf-8?B?U3RyYcOfZQ==?=");
  EXPECT_EQ(encode_header("=?utf-8?B?eA==?="), "=?utf-8?B?PT91dGYtOD9CP2VBPT0/PQ==?=");
  EXPECT_EQ(encode_header("\xff"), "=?utf-8?B?77+9?=");
  // No word is longer than 75, and none ends within a character.
  std::string text;
  for (int at = 0; at < 40; ++at) text += "\xe2\x82\xac\xf0\x9f\x98\x80";
  const auto encoded = encode_header(text);
  size_t begin = 0, words = 0;
  while (begin < encoded.size()) {
    const auto end = std::min(encoded.find(' ', begin), encoded.size());
    EXPECT_LE(end - begin, 75u);
    begin = end + 1;
    ++words;
  }
  EXPECT_GE(words, 6u);
  const auto message = format_message({{"", "a@x"}, {{"", "b@x"}}, text, ""}, "1@x", 0s);
  size_t line = 0;
  for (const char c : message) {
    line = c == '\n' ? 0 : line + 1;
    EXPECT_LE(line, 78u);
  }
}

TEST(MessageTest, lines_of_the_text_are_short_and_end_as_lines_do) {
  EXPECT_EQ(quoted_printable("a \nb\t\r\nc "), "a=20\r\nb=09\r\nc=20");
  EXPECT_EQ(quoted_printable("\xc3\xa4=."), "=C3=A4=3D.");
  EXPECT_EQ(quoted_printable("a\rb"), "a=0Db");
  const auto text = quoted_printable(std::string(1000, 'x') + std::string(100, '='));
  size_t line = 0;
  for (const char c : text) {
    line = c == '\n' ? 0 : line + 1;
    EXPECT_LE(line, 77u);
  }
  EXPECT_EQ(quoted_printable(std::string(76, 'x')), std::string(75, 'x') + "=\r\nx");
}

TEST(MessageTest, only_whole_characters_are_utf8) {
  EXPECT_EQ(valid_utf8("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(valid_utf8("\x80"), bad);
  EXPECT_EQ(valid_utf8("\xc3"), bad);
  EXPECT_EQ(valid_utf8("\xc0\xaf"), bad + bad);
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), bad + bad + bad);
  EXPECT_EQ(valid_utf8("\xf5\x80\x80\x80"), bad + bad + bad + bad);
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("ab\xc3\xa4", 3), "ab\xe2\x80\xa6");
}

}  // namespace
}  // namespace levada::email

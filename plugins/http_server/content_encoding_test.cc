// What becomes of compressed bodies.
#include "http_server/content_encoding.h"

#include <gtest/gtest.h>

#include "rows/compressed_text.h"

namespace levada::http_server {
namespace {

constexpr size_t kMost = 1 << 20;

BodyFault decode(std::string_view encoding, std::string body, std::string& to, size_t most = kMost) {
  to = std::move(body);
  return decode_body(encoding, most, to);
}

TEST(ContentEncoding, gives_the_text_of_gzip_and_zstd_and_leaves_others_as_they_are) {
  for (const std::string& text : {std::string(), std::string("a\nb\n"), std::string(300'000, 'x')}) {
    std::string body;
    EXPECT_FALSE(decode("gzip", rows::gzip(text), body));
    EXPECT_EQ(body, text);
    EXPECT_FALSE(decode("GZIP", rows::gzip(text) + rows::gzip("more"), body));
    EXPECT_EQ(body, text + "more");
    EXPECT_FALSE(decode("zstd", rows::zstd(text), body));
    EXPECT_EQ(body, text);
    EXPECT_FALSE(decode("", text, body));
    EXPECT_EQ(body, text);
    EXPECT_FALSE(decode("identity", text, body));
    EXPECT_EQ(body, text);
  }
}

TEST(ContentEncoding, never_makes_more_than_may_be) {
  const std::string text(kMost, 'x');
  std::string body;
  EXPECT_FALSE(decode("gzip", rows::gzip(text), body));
  EXPECT_EQ(decode("gzip", rows::gzip(text + "x"), body).status, 413);
  EXPECT_EQ(decode("zstd", rows::zstd(text + "x"), body).status, 413);
  EXPECT_EQ(decode("gzip", rows::gzip(std::string(64 << 20, 'x')), body, 100).status, 413);
  EXPECT_LE(body.size(), size_t{1} << 20);
}

TEST(ContentEncoding, refuses_what_is_damaged_or_cut_off_at_any_byte) {
  std::string body;
  for (const auto& [encoding, whole] :
       {std::pair("gzip", rows::gzip("some text, some text")), std::pair("zstd", rows::zstd("some text, some text"))}) {
    for (size_t bytes = 0; bytes < whole.size(); ++bytes)
      EXPECT_EQ(decode(encoding, whole.substr(0, bytes), body).status, 400) << encoding << ' ' << bytes;
    EXPECT_EQ(decode(encoding, whole + "?", body).status, 400);
    auto damaged = whole;
    damaged[damaged.size() / 2] ^= 0x10;
    EXPECT_EQ(decode(encoding, damaged, body).status, 400);
    EXPECT_EQ(decode(encoding, "plain text", body).status, 400);
  }
}

TEST(ContentEncoding, names_what_it_does_not_know) {
  std::string body;
  EXPECT_EQ(decode("br", "x", body).status, 415);
  EXPECT_EQ(decode("gzip, gzip", rows::gzip(rows::gzip("x")), body).status, 415);
}

}  // namespace
}  // namespace levada::http_server

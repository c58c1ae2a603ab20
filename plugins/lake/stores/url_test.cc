// Addresses of stores, and percent-encoding.
#include "lake/stores/url.h"

#include <gtest/gtest.h>

namespace levada::lake {
namespace {

std::string parts(const std::string& text) {
  auto address = parse_address(text);
  return address ? address->scheme + " " + address->authority + " " + address->path : address.error().message;
}

TEST(UrlTest, an_address_has_a_scheme_a_host_and_a_path) {
  EXPECT_EQ(parts("webhdfs://namenode:9870/data/views"), "webhdfs namenode:9870 /data/views");
  EXPECT_EQ(parts("s3://bucket"), "s3 bucket ");
  EXPECT_EQ(parts("s3://bucket/"), "s3 bucket ");
  EXPECT_EQ(parts("s3://bucket/a/b//"), "s3 bucket /a/b");
  EXPECT_EQ(parts("webhdfs://one:1,two:2/a b"), "webhdfs one:1,two:2 /a b");
}

TEST(UrlTest, what_no_store_can_mean_is_refused) {
  for (const auto* text : {"/data", "://x", "s3://", "s3:///key", "s3://user:secret@bucket/x", "s3://bucket/a/../b",
                           "s3://bucket/./b", "s3://bucket/a//b", "s3://bucket/a?b", "s3://bucket/a#b", ""})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(UrlTest, a_secret_in_an_address_is_not_repeated) {
  EXPECT_EQ(parts("s3://key:secret@bucket").find("secret"), std::string::npos);
}

TEST(UrlTest, encodes_all_but_plain_characters_and_back) {
  EXPECT_EQ(url_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(url_encode("a b+c%/ü"), "a%20b%2Bc%25%2F%C3%BC");
  EXPECT_EQ(url_encode_path("a b/c"), "a%20b/c");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(url_decode(url_encode(all)), all);
}

TEST(UrlTest, decodes_nothing_but_what_was_encoded) {
  EXPECT_EQ(url_decode("a+b"), "a+b");
  EXPECT_EQ(url_decode("100%"), "100%");
  EXPECT_EQ(url_decode("%4"), "%4");
  EXPECT_EQ(url_decode("%zz%41"), "%zzA");
}

TEST(UrlTest, a_path_has_a_folder_and_a_name) {
  EXPECT_EQ(parent_path("a/b/c") + " " + file_name("a/b/c"), "a/b c");
  EXPECT_EQ(parent_path("c") + " " + file_name("c"), " c");
  EXPECT_EQ(parent_path("/c"), "");
}

}  // namespace
}  // namespace levada::lake

#include "levada/http_rules.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

TEST(HttpRules, ATokenIsRightAsAWholeOnly) {
  EXPECT_TRUE(is_token("secret", "secret"));
  for (const auto* wrong : {"", "secre", "secrets", "Secret", "secretsecret", "tecret"})
    EXPECT_FALSE(is_token(wrong, "secret")) << wrong;
  EXPECT_FALSE(is_token("", ""));
}

TEST(HttpRules, ReadsTargets) {
  std::map<std::string, std::string> query;
  EXPECT_EQ(read_target("/a%2Fb%zz%4?x=1&y&=z&plus=a+b%3D#rest", query), "/a/b%zz%4");
  EXPECT_EQ(query, (std::map<std::string, std::string>{{"x", "1"}, {"y", ""}, {"", "z"}, {"plus", "a b="}}));
}

TEST(HttpRules, WhatIsEncodedComesBack) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  std::map<std::string, std::string> query;
  read_target("/?all=" + encoded(all), query);
  EXPECT_EQ(query["all"], all);
}

TEST(HttpRules, TellsBearers) {
  EXPECT_EQ(bearer_of("Bearer  abc"), "abc");
  EXPECT_EQ(bearer_of("bEARER abc"), "abc");
  EXPECT_EQ(bearer_of("Bearer"), "");
  EXPECT_EQ(bearer_of("Basic abc"), "");
}

}  // namespace
}  // namespace levada::agent

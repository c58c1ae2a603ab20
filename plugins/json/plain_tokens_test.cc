// The walk through the tokens accepts nothing that simdjson refuses, and nearly all that is plain.
#include "json/plain_tokens.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "json/json_parser.h"

namespace levada {
namespace {

// By simdjson alone, with all that its second stage looks at.
bool is_valid(const std::string& text) {
  static simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

bool is_plain_object(JsonParser& parser, const std::string& text) {
  return parser.find_tokens({text, text.data() + text.size()}) && !parser.has_backslash() &&
         parser.plain_tokens(text.data()).is_object();
}

bool is_plain_object(const std::string& text) {
  JsonParser parser;
  return is_plain_object(parser, text);
}

TEST(PlainTokens, accepts_plain_objects) {
  for (const auto* text : {R"({})", R"( { } )", R"({"a":1})",
                           R"({"a" : -0.25 , "b":[1,2,{"c":[]}], "":{"d":"x"},"e":null,"f":true,"g":false})",
                           R"({"a":123456789012345678})", R"({"a":[[],{}]})"}) {
    EXPECT_TRUE(is_plain_object(text)) << text;
    EXPECT_TRUE(is_valid(text)) << text;
  }
}

TEST(PlainTokens, leaves_what_is_not_plain_to_the_parser) {
  std::string deep = "1";
  for (int level = 0; level < PlainTokens::kMaxDepth + 2; ++level) deep = "{\"a\":" + deep + "}";
  for (const std::string& text : {std::string(R"({"a":1e5})"), std::string(R"({"a":1234567890123456789})"),
                                  std::string(R"({"a":"\n"})"), deep, std::string("[1]"), std::string("1")}) {
    EXPECT_FALSE(is_plain_object(text)) << text;
    EXPECT_TRUE(JsonParser().parse(text)) << text;
  }
}

TEST(PlainTokens, accepts_nothing_that_is_invalid) {
  for (const auto* text : {R"({"a":1,})",
                           R"({,})",
                           R"({"a"})",
                           R"({"a":})",
                           R"({"a":1 "b":2})",
                           R"({"a":1"b":2})",
                           R"({"a":"x""y"})",
                           R"({"a":"x"y})",
                           R"({"a"x:1})",
                           R"({"a":01})",
                           R"({"a":-})",
                           R"({"a":1.})",
                           R"({"a":.5})",
                           R"({"a":+1})",
                           R"({"a":truex})",
                           R"({"a":tru})",
                           R"({"a":nul})",
                           R"({"a":fals})",
                           R"({"a":true false})",
                           R"({"a":[1,]})",
                           R"({"a":[1})",
                           R"({"a":{"b":1]})",
                           R"({"a":1}})",
                           R"({"a":1}{})",
                           R"({"a":1)",
                           R"({1:2})",
                           R"({"a":1a})",
                           R"({"a":1 2})",
                           R"({"a":[}])",
                           "{\"a\":1\f}",
                           R"({"a"::1})",
                           R"({"a":1,,"b":2})",
                           R"({'a':1})"}) {
    EXPECT_FALSE(is_plain_object(text)) << text;
    EXPECT_FALSE(is_valid(text)) << text;
  }
}

TEST(PlainTokens, agrees_with_simdjson_on_documents_with_random_changes) {
  constexpr std::string_view kPieces[] = {"{", "}",  "[",  "]",      ":",        ",",    "\"",   " ",
                                          "1", "-",  ".",  "0",      "e",        "true", "null", "false",
                                          "x", "\n", "\\", "\"k\":", "\xc3\xa9", "\x80", "12.5"};
  std::mt19937 random(20261126);
  JsonParser parser;
  int plain = 0, valid = 0, invalid = 0;
  for (int round = 0; round < 300'000; ++round) {
    std::string text = R"({"type":"click", "n":12, "u": {"id":-3.5,"on":true},"l":[1,"two",null], "e":""})";
    for (auto changes = random() % 3; changes > 0; --changes) {
      const auto at = random() % text.size();
      text.replace(at, random() % 3, kPieces[random() % std::size(kPieces)]);
    }
    const bool expected = is_valid(text);
    const bool is_plain = is_plain_object(parser, text);
    ASSERT_TRUE(expected || !is_plain) << text;
    ASSERT_EQ(parser.parse(text), expected) << text;
    plain += is_plain;
    ++(expected ? valid : invalid);
  }
  EXPECT_GT(invalid, 100'000);
  EXPECT_GT(plain, valid * 9 / 10);
}

}  // namespace
}  // namespace levada

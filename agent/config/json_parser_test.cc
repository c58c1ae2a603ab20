// What JSON becomes, and where its faults are.
#include "agent/config/json_parser.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

std::string read(std::string_view text) {
  Diagnostics diagnostics;
  const auto node = parse_json(text, "x", diagnostics);
  return node ? toml_text(*node, false) : diagnostics.text();
}

TEST(JsonParser, reads_values_of_every_kind) {
  EXPECT_EQ(read(R"({"a": 1, "b": -2.5e1, "c": [true, false, "x"], "d": {"e": ""}, "f": null})"),
            R"({ a = 1, b = -25.0, c = [true, false, "x"], d = { e = "" } })");
  EXPECT_EQ(read(" {\n} \n"), "{}");
  EXPECT_EQ(read(R"({"a": "\"\\\/\n\u00e9\ud83d\ude00"})"), "{ a = \"\\\"\\\\/\\n\xC3\xA9\xF0\x9F\x98\x80\" }");
}

TEST(JsonParser, says_where_a_fault_is) {
  EXPECT_EQ(read("[1]"), "x:1:1: must be an object of JSON\n");
  EXPECT_EQ(read("{\"a\": 1,\n  \"b\": }"), "x:2:8: is no value of JSON\n");
  EXPECT_EQ(read("{\"a\": 1} 2"), "x:1:10: there is more behind the object\n");
  EXPECT_EQ(read("{\"a\": 1\n \"b\": 2}"), "x:2:2: a comma or a brace must be here\n");
  EXPECT_EQ(read("{\"a\": [1 2]}"), "x:1:10: a comma or a bracket must be here\n");
  EXPECT_EQ(read("{\"a\": 1, \"a\": 2}"), "x:1:10: \"a\" is there twice\n");
  EXPECT_EQ(read("{a: 1}"), "x:1:2: a name in quotes must be here\n");
  EXPECT_EQ(read("{\"a\" 1}"), "x:1:6: a colon must be here\n");
  EXPECT_EQ(read("{\"a\": \"x"), "x:1:9: a string does not end\n");
  EXPECT_EQ(read("{\"a\": \"\\q\"}"), "x:1:8: an escape is not known\n");
  EXPECT_EQ(read("{\"a\": \"\\ud83d\"}"), "x:1:14: an escape is not known\n");
  EXPECT_EQ(read("{\"a\": 99999999999999999999}"), "x:1:7: an integer is too large\n");
  for (const char* number : {"01", "+1", "1.", ".5", "-", "1e", "nan", "truth"})
    EXPECT_NE(read("{\"a\": " + std::string(number) + "}").substr(0, 4), "{ a ") << number;
  EXPECT_EQ(read("{\"a\":" + std::string(100, '[')), "x:1:70: is nested too deep\n");
}

}  // namespace
}  // namespace levada::agent

// The interceptor parse_json: rows that are no objects, options, what it does with a batch. The columns themselves:
// declared_columns_test.cc and inferred_columns_test.cc.
#include "parse_json.h"

#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "parse_json_testing.h"

namespace levada::parse_json {
namespace {

using parse_json_testing::made;
using parse_json_testing::parsed;
using parse_json_testing::refusal;
using testkit::batch_of;
using testkit::FakeHost;
using testkit::texts;
using Texts = std::vector<std::string>;

constexpr const char* kColumn = R"(columns = { a = "int64" })";

TEST(ParseJson, adds_columns_and_keeps_the_others) {
  auto batch = batch_of({R"({"a":1})", R"({"b":2})"});
  batch.set(repeat("file", "x.json", 2));
  const auto outcome = parsed(batch, kColumn);
  EXPECT_EQ(texts(outcome.batch, "a"), (Texts{"1", "<null>"}));
  EXPECT_EQ(texts(outcome.batch, "file"), (Texts{"x.json", "x.json"}));
  EXPECT_EQ(texts(outcome.batch, "body"), (Texts{R"({"a":1})", R"({"b":2})"}));
}

TEST(ParseJson, rejects_rows_that_are_no_objects_with_reason_and_offset) {
  auto batch = batch_of({R"({"a":1})", R"({"a":1,})", "[1]", "7", "", R"({"a":1} 2)", "{\"a\":\"\xff\"}", R"({"a":2})",
                         "\"x\"", R"({"a":tru})", R"({"b":{"c":[1}]})"});
  batch.set(testkit::value_column<int64_t>("offset", Type::int64,
                                           {{0}, {10}, {20}, {30}, {40}, {50}, {60}, {70}, {80}, {90}, {100}}));
  for (const char* validate : {"", "\nvalidate = false"}) {
    const auto outcome = parsed(batch, std::string(R"(columns = { a = "int64", missing = "text" })") + validate);
    const bool in_full = *validate == '\0';
    // A value that nobody reads is not looked at, and one of no type at all is one of a wrong type.
    EXPECT_EQ(texts(outcome.batch, "a"), in_full ? (Texts{"1", "2"}) : (Texts{"1", "2", "<null>", "<null>"}));
    Texts expected = {"1: line offset 6, file offset 16: trailing comma before '}'",
                      "2: line offset 0, file offset 20: expected an object, found an array",
                      "3: line offset 0, file offset 30: expected an object, found a number",
                      "4: line offset 0, file offset 40: expected a value, found the end",
                      "5: line offset 8, file offset 58: more behind the document",
                      "6: line offset 6, file offset 66: invalid UTF-8",
                      "8: line offset 0, file offset 80: expected an object, found a string"};
    if (in_full) {
      expected.push_back("9: line offset 5, file offset 95: expected a value, found 't'");
      expected.push_back("10: line offset 12, file offset 112: expected ',' or ']' after a value, found '}'");
    }
    EXPECT_EQ(outcome.rejected, expected);
  }
}

TEST(ParseJson, reads_the_same_with_and_without_validation) {
  const Texts rows = {R"({"a":1,"b":{"c":[1,{"d":2}]},"e":"x"})", R"( { "e" : "y" , "a" : 2 } )", "{}",
                      R"({"a":3,"b":{},"e":null})"};
  const std::string columns = R"(columns = { a = "int64", c = { type = "json", pointer = "/b/c" }, e = "text" })";
  const auto with = parsed(batch_of(rows), columns), without = parsed(batch_of(rows), columns + "\nvalidate = false");
  for (const char* name : {"a", "c", "e"}) EXPECT_EQ(texts(with.batch, name), texts(without.batch, name));
  EXPECT_EQ(texts(with.batch, "c"), (Texts{R"([1,{"d":2}])", "<null>", "<null>", "<null>"}));
}

TEST(ParseJson, survives_hostile_rows_without_validation) {
  Texts rows = {"{",
                "}",
                "[",
                "{\"a\"",
                "{\"a\":",
                "{\"a\":1",
                "{:}",
                "{,}",
                "{\"a\"::1}",
                "{\"a\":}",
                "{\"a\":[}",
                "{\"a\":[[[",
                "{\"a\":{\"a\":",
                "{\"a\" \"b\"}",
                "{1:2}",
                "\"",
                "{\"a\":-}",
                "{\"a\":\"\\\"}",
                "{\"\\ud800\":1}",
                "{\"a\":\"\\u12\"}",
                std::string(1000, '{'),
                std::string("{\"a\":\0}", 7),
                "{\"a\":1}}",
                "{\"a\":1]",
                "\xef\xbb\xbf{\"a\":1}"};
  for (const char* options : {"columns = { a = \"text\", i = { type = \"int64\", pointer = \"/a/0\" }, n = { type = "
                              "\"json\", pointer = \"/a/a\" } }\nvalidate = false",
                              "infer = true\nvalidate = false"}) {
    const auto outcome = parsed(batch_of(rows), options);
    EXPECT_EQ(outcome.batch.rows() + static_cast<int64_t>(outcome.rejected.size()), static_cast<int64_t>(rows.size()));
    EXPECT_GE(outcome.rejected.size(), 15u) << options;
  }
}

TEST(ParseJson, takes_rows_without_a_body_for_empty_ones) {
  Batch batch(1);
  batch.set(testkit::text_column("body", {std::nullopt}, Type::bytes));
  EXPECT_EQ(parsed(batch, kColumn).rejected, Texts{"0: line offset 0: expected a value, found the end"});
}

TEST(ParseJson, reads_bodies_from_a_dictionary) {
  Batch batch(2);
  batch.set(repeat("body", R"({"a":5,"b":"the same in each of them"})", 2));
  EXPECT_EQ(texts(parsed(batch, kColumn).batch, "a"), (Texts{"5", "5"}));
}

TEST(ParseJson, needs_a_body) {
  FakeHost host;
  auto component = made(kColumn, host);
  ASSERT_TRUE(component);
  Batch batch(1);
  batch.set(testkit::text_column("other", {"x"}));
  EXPECT_EQ(component->intercept(batch).code(), Code::fatal);
}

TEST(ParseJson, takes_an_empty_batch) {
  const auto outcome = parsed(batch_of({}), kColumn);
  EXPECT_EQ(outcome.batch.rows(), 0);
  EXPECT_EQ(texts(outcome.batch, "a"), Texts{});
}

TEST(ParseJson, refuses_options_that_contradict_each_other) {
  EXPECT_EQ(refusal(""),
            R"(columns: name the columns, columns = { ip = "text", bytes = "int64" }, or set infer = true)");
  EXPECT_EQ(refusal(R"(columns = { a = "text" }
infer = true)"),
            "infer: columns are either declared or inferred: remove columns, or infer");
}

LEVADA_CONFORMANCE(parse_json_declared, [] {
  auto tested = testkit::subject(
      "parse_json",
      R"(columns = { t = "text", i = { type = "int64", required = true }, f = "float64", )"
      R"(b = "boolean", at = { type = "timestamp", unit = "s", pointer = "/at/0" }, x = "bytes", j = "json" })");
  tested.bodies = {
      R"({"t":"a text of more than twelve bytes","i":1,"f":1.5,"b":true,"at":[1],"x":"y","j":{"k":[1,2,3,4,5,6]}})",
      R"({"t":"\u00e9 in a text of more than twelve bytes","i":2,"f":"wrong","b":null})", R"({"t":"without i"})", "{",
      ""};
  tested.refused = {{"", "columns"},
                    {R"(columns = { a = "int" })", "columns.a"},
                    {"infer = true\ncolumns = { a = \"text\" }", "infer"}};
  return tested;
});

LEVADA_CONFORMANCE(parse_json_inferred, [] {
  auto tested = testkit::subject("parse_json", "infer = true\nvalidate = false");
  tested.bodies = {R"({"t":"a text of more than twelve bytes","i":1,"f":1.5,"b":true})", R"({"t":1,"more":"\u00e9"})",
                   "{}", "[", ""};
  tested.cuts_matter = true;  // The types of the columns come from the rows of a batch.
  return tested;
});

}  // namespace
}  // namespace levada::parse_json

// Declared columns: pointers, types, what is missing or of a wrong type, and what create refuses.
#include "declared_columns.h"

#include <gtest/gtest.h>

#include "parse_json_testing.h"

namespace levada::parse_json {
namespace {

using parse_json_testing::parsed;
using parse_json_testing::refusal;
using testkit::batch_of;
using testkit::FakeHost;
using testkit::texts;
using Texts = std::vector<std::string>;

// The column `x` of these rows.
Texts column(const std::string& spec, const Texts& rows) {
  return texts(parsed(batch_of(rows), "columns = { x = " + spec + " }").batch, "x");
}

TEST(DeclaredColumns, whole_numbers_are_exact_however_they_are_written) {
  EXPECT_EQ(column(R"("int64")", {R"({"x":9007199254740993.0})", R"({"x":1e18})", R"({"x":9007199254740992.5})",
                                  R"({"x":9.223372036854775807e18})", R"({"x":9223372036854775808.0})"}),
            (Texts{"9007199254740993", "1000000000000000000", "<null>", "9223372036854775807", "<null>"}));
  const auto* microseconds = R"({ type = "timestamp", unit = "us" })";
  EXPECT_EQ(column(microseconds, {R"({"x":9007199254740993.0})", R"({"x":"1e15"})"}),
            column(microseconds, {R"({"x":9007199254740993})", R"({"x":1000000000000000})"}));
}

TEST(DeclaredColumns, a_string_says_a_time_only_as_json_writes_numbers) {
  for (const auto* text : {"1.", ".5", "+1", "inf", "", " 1", "0x1"})
    EXPECT_EQ(column(R"({ type = "timestamp", unit = "s" })", {std::string(R"({"x":")") + text + "\"}"}),
              Texts{"<null>"})
        << text;
}

TEST(DeclaredColumns, follow_pointers_in_any_order_of_members) {
  const Texts rows = {R"({"u":{"url":"/a","id":1},"list":[10,[20,{"k":30}]],"s/t~":"tilde"})",
                      R"({"s/t~":"other","other":{"url":"no"},"list":[],"u":{"id":2,"nested":{},"url":"/b"}})",
                      R"({"u":[1],"list":{"1":5}})", R"({"u":7})"};
  EXPECT_EQ(column(R"({ pointer = "/u/url", type = "text" })", rows), (Texts{"/a", "/b", "<null>", "<null>"}));
  EXPECT_EQ(column(R"({ pointer = "/u/id", type = "int64" })", rows), (Texts{"1", "2", "<null>", "<null>"}));
  EXPECT_EQ(column(R"({ pointer = "/list/1/1/k", type = "int64" })", rows),
            (Texts{"30", "<null>", "<null>", "<null>"}));
  EXPECT_EQ(column(R"({ pointer = "/list/0", type = "int64" })", rows), (Texts{"10", "<null>", "<null>", "<null>"}));
  EXPECT_EQ(column(R"({ pointer = "/list/1", type = "json" })", rows),
            (Texts{R"([20,{"k":30}])", "<null>", "5", "<null>"}));
  EXPECT_EQ(column(R"({ pointer = "/s~1t~0", type = "text" })", rows), (Texts{"tilde", "other", "<null>", "<null>"}));
  EXPECT_EQ(column(R"({ pointer = "/u/nested", type = "json" })", rows), (Texts{"<null>", "{}", "<null>", "<null>"}));
}

TEST(DeclaredColumns, may_name_a_value_and_parts_of_it) {
  const auto outcome =
      parsed(batch_of({R"({"u":{"id":1}})", R"({"u":{}})"}),
             R"(columns = { all = { pointer = "/u", type = "json" }, id = { pointer = "/u/id", type = "int64" }, )"
             R"(again = { pointer = "/u/id", type = "json" } })");
  EXPECT_EQ(texts(outcome.batch, "all"), (Texts{R"({"id":1})", "{}"}));
  EXPECT_EQ(texts(outcome.batch, "id"), (Texts{"1", "<null>"}));
  EXPECT_EQ(texts(outcome.batch, "again"), (Texts{"1", "<null>"}));
}

TEST(DeclaredColumns, take_the_first_of_two_members_of_one_name) {
  EXPECT_EQ(column(R"("int64")", {R"({"x":1,"x":2})"}), Texts{"1"});
}

TEST(DeclaredColumns, find_keys_with_escapes) {
  EXPECT_EQ(column(R"("int64")", {R"({"\u0078":1})", R"({"\\x":2,"x":3})", R"({"x\\":2})"}),
            (Texts{"1", "3", "<null>"}));
}

TEST(DeclaredColumns, tell_keys_of_any_length_apart) {
  std::string row = "{", spec;
  for (size_t size = 1; size <= 40; ++size) {
    row += (size > 1 ? ",\"" : "\"") + std::string(size - 1, 'k') + "a\":" + std::to_string(size);
    row += ",\"" + std::string(size - 1, 'k') + "b\":0";
  }
  row += "}";
  for (size_t size = 1; size <= 40; ++size)
    EXPECT_EQ(column(R"({ type = "int64", pointer = "/)" + std::string(size - 1, 'k') + "a\" }", {row}),
              Texts{std::to_string(size)});
}

TEST(DeclaredColumns, hold_texts_as_views_into_the_body) {
  const auto batch = batch_of({R"({"x":"a text of more than twelve bytes"})"});
  const auto* body = batch.body()->text(0).data();
  const auto outcome = parsed(batch, R"(columns = { x = "text" })");
  EXPECT_EQ(outcome.batch.find("x")->text(0).data(), body + 6);
}

TEST(DeclaredColumns, resolve_escapes_of_texts) {
  const Texts rows = {R"({"x":"a\n\"b\" \u00e9\ud83d\ude00"})", R"({"x":""})", R"({"x":"\\"})",
                      R"({"x":"plain","y":"\n"})", "{\"x\":\"\\u0000\"}"};
  EXPECT_EQ(column(R"("text")", rows),
            (Texts{"a\n\"b\" \xc3\xa9\xf0\x9f\x98\x80", "", "\\", "plain", std::string(1, '\0')}));
  EXPECT_EQ(column(R"("bytes")", rows)[0], "a\n\"b\" \xc3\xa9\xf0\x9f\x98\x80");
}

TEST(DeclaredColumns, have_the_types_that_were_asked_for) {
  const auto outcome = parsed(
      batch_of({"{}"}),
      R"(columns = { a = "text", b = "int64", c = "float64", d = "boolean", e = "timestamp", f = "bytes", g = "json" })");
  const Type types[] = {Type::text,      Type::int64, Type::float64, Type::boolean,
                        Type::timestamp, Type::bytes, Type::text};
  for (size_t at = 0; at < 7; ++at)
    EXPECT_EQ(outcome.batch.find(std::string(1, static_cast<char>('a' + at)))->type(), types[at]);
}

TEST(DeclaredColumns, read_whole_numbers_exactly) {
  EXPECT_EQ(column(R"("int64")", {R"({"x":-9223372036854775808})", R"({"x":9223372036854775807})",
                                  R"({"x":9223372036854775808})", R"({"x":1.0})", R"({"x":3e2})", R"({"x":1.5})",
                                  R"({"x":1e300})", R"({"x":-0})", R"({"x":"1"})", R"({"x":true})", R"({"x":[1]})"}),
            (Texts{"-9223372036854775808", "9223372036854775807", "<null>", "1", "300", "<null>", "<null>", "0",
                   "<null>", "<null>", "<null>"}));
}

TEST(DeclaredColumns, read_any_number_as_a_double) {
  EXPECT_EQ(column(R"("float64")", {R"({"x":1})", R"({"x":-2.5e-3})", R"({"x":18446744073709551615})",
                                    R"({"x":1e-400})", R"({"x":"1"})"}),
            (Texts{"1", "-0.0025", "18446744073709551616", "0", "<null>"}));
}

TEST(DeclaredColumns, read_booleans) {
  EXPECT_EQ(
      column(R"("boolean")", {R"({"x":true})", R"({"x":false})", R"({"x":0})", R"({"x":"true"})", R"({"x":null})"}),
      (Texts{"true", "false", "<null>", "<null>", "<null>"}));
}

TEST(DeclaredColumns, read_times_as_text) {
  EXPECT_EQ(column(R"("timestamp")", {R"({"x":"1970-01-01T00:00:01.5Z"})", R"({"x":"1970-01-01\u005400:00:01Z"})",
                                      R"({"x":"yesterday"})", R"({"x":1})"}),
            (Texts{"1500000", "1000000", "<null>", "<null>"}));
}

TEST(DeclaredColumns, read_times_as_numbers_of_a_unit) {
  const Texts rows = {
      R"({"x":1500})", R"({"x":"1500"})", R"({"x":-1})",  R"({"x":1.25})", R"({"x":"1970-01-01T00:00:01Z"})",
      R"({"x":""})",   R"({"x":"15x"})",  R"({"x":true})"};
  EXPECT_EQ(column(R"({ type = "timestamp", unit = "s" })", rows),
            (Texts{"1500000000", "1500000000", "-1000000", "1250000", "1000000", "<null>", "<null>", "<null>"}));
  EXPECT_EQ(column(R"({ type = "timestamp", unit = "ms" })", rows)[0], "1500000");
  EXPECT_EQ(column(R"({ type = "timestamp", unit = "us" })", rows)[0], "1500");
  EXPECT_EQ(column(R"({ type = "timestamp", unit = "ns" })", rows)[0], "1");
  EXPECT_EQ(column(R"({ type = "timestamp", unit = "ns" })", rows)[2], "-1");
  EXPECT_EQ(column(R"({ type = "timestamp", unit = "s" })", {R"({"x":9223372036854775807})", R"({"x":1e300})"}),
            (Texts{"<null>", "<null>"}));
}

TEST(DeclaredColumns, keep_the_raw_text_of_json) {
  EXPECT_EQ(column(R"("json")", {R"({"x": {"a" : [1, "two\n"]} })", R"({"x":"text"})", R"({"x":1.50})", R"({"x":null})",
                                 R"({"x": [] , "y":1})"}),
            (Texts{R"({"a" : [1, "two\n"]})", R"("text")", "1.50", "<null>", "[]"}));
}

TEST(DeclaredColumns, are_null_where_a_value_is_missing_null_or_of_a_wrong_type_and_count_the_last) {
  FakeHost host;
  const auto outcome =
      parsed(batch_of({R"({"x":1})", "{}", R"({"x":null})", R"({"x":"1"})"}), R"(columns = { x = "int64" })", host);
  EXPECT_EQ(texts(outcome.batch, "x"), (Texts{"1", "<null>", "<null>", "<null>"}));
  EXPECT_EQ(outcome.rejected, Texts{});
  EXPECT_EQ(host.count("values_mismatched"), 1);
}

TEST(DeclaredColumns, reject_rows_without_a_required_value) {
  const auto outcome =
      parsed(batch_of({R"({"u":{"id":1}})", R"({"u":{}})", R"({"u":{"id":null}})", R"({"u":{"id":"x"}})"}),
             R"(columns = { id = { pointer = "/u/id", type = "int64", required = true }, other = "text" })");
  EXPECT_EQ(texts(outcome.batch, "id"), Texts{"1"});
  EXPECT_EQ(texts(outcome.batch, "other"), Texts{"<null>"});
  EXPECT_EQ(outcome.rejected, (Texts{R"(1: column "id": the object has no /u/id)", R"(2: column "id": null at /u/id)",
                                     R"(3: column "id": expected int64, found a string, "x")"}));
}

TEST(DeclaredColumns, reject_rows_with_values_of_a_wrong_type_where_asked_to) {
  const auto outcome = parsed(batch_of({R"({"a":1,"b":true})", R"({"a":"x","b":1})",
                                        R"({"b":{"long":"0123456789012345678901234567890123456789"}})"}),
                              R"(columns = { a = "int64", b = "boolean" }
on_mismatch = "reject")");
  EXPECT_EQ(texts(outcome.batch, "a"), Texts{"1"});
  EXPECT_EQ(
      outcome.rejected,
      (Texts{R"(1: column "a": expected int64, found a string, "x")",
             R"(2: column "b": expected boolean, found an object, {"long":"0123456789012345678901234567890...)"}));
}

TEST(DeclaredColumns, refuse_what_they_cannot_be_made_of) {
  const auto refused = [](const std::string& spec) { return refusal("columns = { x = " + spec + " }"); };
  EXPECT_EQ(
      refused(R"("string")"),
      R"(columns.x: "string" is no type: use text, int64, float64, boolean, timestamp, bytes or json, or list<...> or struct<name: ...> of these)");
  EXPECT_EQ(refused("1"),
            R"(columns.x: a column is its type, "int64", or a table: { type = "int64", pointer = "/a/b" })");
  EXPECT_EQ(
      refused(R"({ type = "int" })"),
      R"(columns.x.type: "int" is no type: use text, int64, float64, boolean, timestamp, bytes or json, or list<...> or struct<name: ...> of these)");
  EXPECT_EQ(refused(R"({ pointer = "/a" })"),
            "columns.x: type is missing: text, int64, float64, boolean, timestamp, bytes or json");
  EXPECT_EQ(
      refused(R"({ type = "text", pointer = "a" })"),
      R"(columns.x.pointer: "a" is no JSON pointer: write "/member", "/outer/inner" or "/list/0", with ~1 for a slash in a name)");
  EXPECT_EQ(refused(R"({ type = "text", pointer = "/a~2" })").substr(0, 18), "columns.x.pointer:");
  EXPECT_EQ(refused(R"({ type = "text", path = "/a" })"),
            "columns.x.path: a column has no setting of this name; it knows type, pointer, unit and required");
  EXPECT_EQ(refused(R"({ type = "timestamp", unit = "min" })"),
            R"(columns.x.unit: "min" is no unit of time: use s, ms, us or ns)");
  EXPECT_EQ(refused(R"({ type = "int64", unit = "s" })"), "columns.x.unit: only a timestamp has a unit");
  EXPECT_EQ(refused(R"({ type = "int64", required = "yes" })"), "columns.x.required: must be true or false");
  EXPECT_EQ(refused(R"({ type = 1 })"), "columns.x.type: must be a string");
  EXPECT_EQ(refusal(R"(columns = { body = "text" })"),
            R"(columns.body: "body" is the document itself: give the column another name, and rename it later)");
}

}  // namespace
}  // namespace levada::parse_json

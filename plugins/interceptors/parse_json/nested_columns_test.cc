// Declared columns of structs and lists: what is built of JSON values, what does not fit and where.
#include <gtest/gtest.h>

#include <random>

#include "json/json_writer.h"
#include "levada/nested.h"
#include "parse_json_testing.h"

namespace levada::parse_json {
namespace {

using parse_json_testing::Outcome;
using parse_json_testing::parsed;
using parse_json_testing::refusal;
using testkit::batch_of;
using testkit::FakeHost;
using Texts = std::vector<std::string>;

// The values of a column as JSON, with its nulls.
Texts json_of(const Batch& batch, const std::string& name) {
  const auto* column = batch.find(name);
  if (!column) return {"<missing>"};
  JsonStyle style;
  style.write_nulls = true;
  JsonWriter writer({column->renamed("x")}, style);
  Texts all;
  std::string line;
  for (int64_t row = 0; row < batch.rows(); ++row) {
    line.resize(writer.bound(row));
    const auto size = static_cast<size_t>(writer.write(row, line.data()) - line.data());
    // {"x":...}
    all.push_back(line.substr(5, size - 6));
  }
  return all;
}

// The column `x` of type `type` of these rows.
Texts column(const std::string& type, const Texts& rows) {
  return json_of(parsed(batch_of(rows), "columns = { x = \"" + type + "\" }").batch, "x");
}

TEST(NestedColumns, are_built_of_objects_and_arrays) {
  EXPECT_EQ(column("struct<id: int64, tags: list<text>>",
                   {R"({"x":{"id":1,"tags":["a","a text that is longer than twelve bytes"]}})",
                    R"({"x":{"tags":[],"id":-2}})", R"({"x":{}})", R"({"x":null})", R"({})",
                    R"( { "x" : { "id" : 3 , "tags" : [ "b" , null ] , "other" : { "id" : [ 4 ] } } } )"}),
            (Texts{R"({"id":1,"tags":["a","a text that is longer than twelve bytes"]})", R"({"id":-2,"tags":[]})",
                   R"({"id":null,"tags":null})", "null", "null", R"({"id":3,"tags":["b",null]})"}));
}

TEST(NestedColumns, nest_in_any_way) {
  EXPECT_EQ(column("list<list<int64>>", {R"({"x":[[1,2],[],null,[3]]})", R"({"x":[]})", R"({"x":[[4]]})"}),
            (Texts{"[[1,2],[],null,[3]]", "[]", "[[4]]"}));
  EXPECT_EQ(column("list<struct<a: struct<b: list<boolean>>, c: float64>>",
                   {R"({"x":[{"a":{"b":[true,false]},"c":1.5},{"c":2},null]})"}),
            Texts{R"([{"a":{"b":[true,false]},"c":1.5},{"a":null,"c":2.0},null])"});
}

TEST(NestedColumns, have_values_of_every_type) {
  const auto outcome = parsed(
      batch_of({R"({"x":{"t":"é","b":"b","i":3e2,"f":1,"o":true,"at":1500,"j":[1, {"k":2}]}})"}),
      R"(columns = { x = { type = "struct<t: text, b: bytes, i: int64, f: float64, o: boolean, at: timestamp, j: json>",)"
      R"( unit = "ms" } })");
  EXPECT_EQ(json_of(outcome.batch, "x"),
            Texts{R"({"t":"é","b":"b","i":300,"f":1.0,"o":true,"at":"1970-01-01T00:00:01.500000Z",)"
                  R"("j":"[1, {\"k\":2}]"})"});
  const auto nested = Nested::of(*outcome.batch.find("x"));
  ASSERT_TRUE(nested);
  EXPECT_EQ(nested->member("b")->type(), Type::bytes);
  EXPECT_EQ(nested->member("at")->type(), Type::timestamp);
}

TEST(NestedColumns, resolve_escapes_in_values_and_keys) {
  EXPECT_EQ(
      column("struct<id: text, tags: list<text>>",
             {R"({"x":{"\u0069d":"a\nb","tags":["\u00fc","plain and longer than twelve","\\ and much more text"]}})"}),
      Texts{R"({"id":"a\nb","tags":["ü","plain and longer than twelve","\\ and much more text"]})"});
}

TEST(NestedColumns, take_the_first_of_two_members_of_one_name) {
  EXPECT_EQ(column("struct<a: int64, b: list<int64>>", {R"({"x":{"a":1,"b":[1],"a":2,"b":[2,3]}})"}),
            Texts{R"({"a":1,"b":[1]})"});
  EXPECT_EQ(column("struct<a: int64>", {R"({"x":{"a":null,"a":2}})"}), Texts{R"({"a":null})"});
}

TEST(NestedColumns, a_value_that_does_not_fit_is_null_and_counted) {
  FakeHost host;
  const Texts rows = {R"({"x":{"id":"one","tags":["a",2,"c",3]}})", R"({"x":7})", R"({"x":{"id":1,"tags":{}}})",
                      R"({"x":[]})"};
  const auto outcome = parsed(batch_of(rows), R"(columns = { x = "struct<id: int64, tags: list<text>>" })", host);
  EXPECT_EQ(json_of(outcome.batch, "x"),
            (Texts{R"({"id":null,"tags":["a",null,"c",null]})", "null", R"({"id":1,"tags":null})", "null"}));
  EXPECT_EQ(host.count("values_mismatched"), 6);
  EXPECT_TRUE(outcome.rejected.empty());
}

TEST(NestedColumns, a_row_is_rejected_with_the_path_of_what_does_not_fit) {
  const Texts rows = {R"({"user":{"id":1,"tags":["a","b","c",7]}})", R"({"user":{"id":true,"tags":[1]}})",
                      R"({"user":{"id":1}})", R"({"user":[1]})", R"({"user":{"more":[{},{"a":[[2,"x"]]}]}})"};
  const auto outcome = parsed(batch_of(rows), R"(columns = { user = "struct<id: int64, tags: list<text>, )"
                                              R"(more: list<struct<a: list<list<int64>>>>>" })"
                                              "\non_mismatch = \"reject\"");
  EXPECT_EQ(outcome.rejected,
            (Texts{R"(0: column "user": expected text at user.tags[3], found a number, 7)",
                   R"(1: column "user": expected int64 at user.id, found a boolean, true)",
                   R"(3: column "user": expected struct<id: int64, tags: list<text>, more: list<struct<a: )"
                   R"(list<list<int64>>>>>, found an array, [1])",
                   R"(4: column "user": expected int64 at user.more[1].a[0][1], found a string, "x")"}));
  EXPECT_EQ(json_of(outcome.batch, "user"), Texts{R"({"id":1,"tags":null,"more":null})"});
}

TEST(NestedColumns, a_required_column_must_be_of_its_type_and_not_all_that_is_in_it) {
  const auto outcome = parsed(batch_of({R"({"x":[1,"a"]})", R"({"x":"a"})", R"({"x":null})", "{}"}),
                              R"(columns = { x = { type = "list<int64>", required = true } })");
  EXPECT_EQ(json_of(outcome.batch, "x"), Texts{"[1,null]"});
  EXPECT_EQ(outcome.rejected, (Texts{R"(1: column "x": expected list<int64>, found a string, "a")",
                                     R"(2: column "x": null at /x)", R"(3: column "x": the object has no /x)"}));
}

TEST(NestedColumns, rows_that_are_no_objects_leave_no_trace) {
  const auto outcome = parsed(batch_of({R"({"x":[1]})", R"({"x":[1,})", R"({"x":[2]})", "[3]", R"({"x":[4]})"}),
                              R"(columns = { x = "list<int64>" })");
  EXPECT_EQ(json_of(outcome.batch, "x"), (Texts{"[1]", "[2]", "[4]"}));
  EXPECT_EQ(outcome.rejected.size(), 2u);
}

TEST(NestedColumns, follow_pointers_and_stand_beside_their_parts) {
  const auto outcome = parsed(batch_of({R"({"u":{"v":{"a":[1,2]}}})", R"({"u":3})"}),
                              R"(columns = { v = { pointer = "/u/v", type = "struct<a: list<int64>>" }, )"
                              R"(second = { pointer = "/u/v/a/1", type = "int64" } })");
  EXPECT_EQ(json_of(outcome.batch, "v"), (Texts{R"({"a":[1,2]})", "null"}));
  EXPECT_EQ(testkit::texts(outcome.batch, "second"), (Texts{"2", "<null>"}));
}

TEST(NestedColumns, of_an_empty_batch_are_empty) {
  const auto outcome = parsed(batch_of({}), R"(columns = { x = "struct<a: list<text>>" })");
  EXPECT_TRUE(json_of(outcome.batch, "x").empty());
  EXPECT_TRUE(Nested::of(*outcome.batch.find("x")));
}

TEST(NestedColumns, without_validation_a_broken_row_has_a_part_of_itself) {
  for (const auto* row : {R"({"x":{"a":[1,]}})", R"({"x":{"a" 1}})", R"({"x":{"a":}})", R"({"x":{1:2}})",
                          R"({"x":{"a":[1 2]}})", R"({"x":{"a":[tru]}})", R"({"x":{,}})", R"({"x":[[[}]]})"}) {
    const auto outcome =
        parsed(batch_of({row, R"({"x":{"a":[5]}})"}), "columns = { x = \"struct<a: list<int64>>\" }\nvalidate = false");
    const auto all = json_of(outcome.batch, "x");
    ASSERT_FALSE(all.empty()) << row;
    EXPECT_EQ(all.back(), R"({"a":[5]})") << row;
  }
}

// As the builder has to have it: each member once, in the order of the type.
std::string random_value(std::mt19937& random, int depth) {
  if (random() % 8 == 0) return "null";
  std::string list = "[";
  for (auto left = random() % 5; left > 0; --left)
    list += (list.size() > 1 ? "," : "") + (random() % 6 ? "\"" + std::string(random() % 30, 'y') + "\"" : "null");
  std::string inner = depth == 0 ? "null" : random_value(random, depth - 1);
  return R"({"n":)" + std::to_string(static_cast<int>(random())) + R"(,"l":)" + list + R"(],"s":)" + inner + "}";
}

TEST(NestedColumns, come_out_as_they_went_in_however_many_items_there_are) {
  std::mt19937 random(5);
  Texts rows, expected;
  for (int row = 0; row < 2000; ++row) {
    expected.push_back(random_value(random, 2));
    rows.push_back("{\"x\":" + expected.back() + "}");
  }
  const std::string inmost = "struct<n: int64, l: list<text>, s: text>";
  EXPECT_EQ(column("struct<n: int64, l: list<text>, s: struct<n: int64, l: list<text>, s: " + inmost + ">>", rows),
            expected);
}

TEST(NestedColumns, types_that_are_none_are_refused) {
  const auto refused = [](const std::string& type) { return refusal("columns = { x = \"" + type + "\" }"); };
  EXPECT_EQ(refused("struct<id: int64>"), "taken");
  EXPECT_EQ(refused("list<struct<a b: text>>"), "taken");
  EXPECT_NE(refused("list<string>").find("columns.x: \"string\" is no type: use text, int64"), std::string::npos);
  EXPECT_NE(refused("list<int64 not null>").find("required = true"), std::string::npos);
  for (const auto* type : {"list<int64", "list<>", "list<int64, text>", "list<int64>>", "struct<>", "struct<id>",
                           "struct<id: int64, id: text>", "struct<: int64>", "struct<id: int64>x", "struct<id: int64,>",
                           "struct<a: list<int64>"})
    EXPECT_NE(refused(type).find("nested types are written"), std::string::npos) << type << " " << refused(type);
  std::string deep = "int64";
  for (int level = 0; level < TypeText::kDeepest; ++level) deep = "list<" + deep + ">";
  EXPECT_EQ(refused(deep), "taken");
  EXPECT_NE(refused("list<" + deep + ">").find("16 levels"), std::string::npos);
}

}  // namespace
}  // namespace levada::parse_json

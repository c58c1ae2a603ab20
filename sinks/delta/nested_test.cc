// Structs and lists in a table: its schema, rows that fit and that do not, what readers get.
#include "levada/nested.h"

#include <gtest/gtest.h>

#include "table_bench.h"

namespace levada::delta {
namespace {

using testkit::text_column;
using testkit::texts;
using testkit::value_column;
using Strings = std::vector<std::string>;

class NestedTableTest : public testing::Test, protected TableBench {
 protected:
  // {"id":...,"tags":[...]}: the second list is null, and so is the third user.
  static Column users(std::vector<std::optional<int64_t>> ids) {
    ListBuilder lists;
    lists.append(2);
    lists.append_null();
    lists.append(2);
    StructBuilder structs;
    structs.append();
    structs.append();
    structs.append_null();
    return std::move(structs).finish(
        "user", {value_column<int64_t>("id", Type::int64, ids),
                 std::move(lists).finish("tags", text_column("", {"a", "a text longer than twelve bytes"}))});
  }
  static Batch of(Column column) {
    Batch batch(column.rows());
    batch.set(std::move(column));
    return batch;
  }
  void append(Batch batch) {
    auto sink = start();
    ASSERT_TRUE(write(*sink, std::move(batch)));
    ASSERT_TRUE(commit(*sink));
  }
};

TEST_F(NestedTableTest, columns_of_a_batch_are_columns_of_the_table) {
  append(of(users({1, {}, 3})));
  EXPECT_EQ(snapshot().metadata.schema,
            R"({"type":"struct","fields":[{"name":"user","type":{"type":"struct","fields":[)"
            R"({"name":"id","type":"long","nullable":true,"metadata":{}},)"
            R"({"name":"tags","type":{"type":"array","elementType":"string","containsNull":true},)"
            R"("nullable":true,"metadata":{}}]},"nullable":true,"metadata":{}}]})");
  EXPECT_EQ(cat(), (Strings{R"({"user":null})", R"({"user":{"id":1,"tags":["a","a text longer than twelve bytes"]}})",
                            R"({"user":{"id":null,"tags":null}})"}));
  EXPECT_NE(command({"show"}).find("  user  struct<id: int64, tags: list<text>>\n"), std::string::npos)
      << command({"show"});
  append(of(users({4, 5, 6})));
  EXPECT_EQ(cat().size(), 6u);
}

TEST_F(NestedTableTest, declared_columns_are_narrower_and_what_does_not_fit_is_rejected_with_its_place) {
  settings.columns = {{"user", "struct<id: int8, tags: list<text>, more: list<struct<x: int64>>>"}};
  auto sink = start();
  ASSERT_TRUE(write(*sink, of(users({1, 1000, 1000}))));
  EXPECT_EQ(texts(rejected, "reason"), Strings{R"(column "user": 1000 (int64) at user.id does not fit int8)"});
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat(), (Strings{R"({"user":null})",
                            R"({"user":{"id":1,"tags":["a","a text longer than twelve bytes"],"more":null}})"}));
}

TEST_F(NestedTableTest, values_of_every_type_come_back_and_survive_optimize) {
  settings.columns = {{"x",
                       "list<struct<price: decimal(10,2), day: date, at: timestamp, wall: timestamp_ntz, "
                       "f: float32, raw: bytes, ok: boolean>>"}};
  const std::string row = R"({"x":[{"price":1.50,"day":"2026-01-31","at":"2026-01-31T12:00:00.250000Z",)"
                          R"("wall":"2026-01-31T12:00:00.250000Z","f":0.5,"raw":"r","ok":true},null]})";
  const int64_t noon = 1'769'860'800'250'000;
  for (int round = 0; round < 2; ++round) {
    ListBuilder lists;
    StructBuilder structs;
    BooleanBuilder ok;
    lists.append(2);
    structs.append();
    structs.append_null();
    ok.append(true);
    ok.append_null();
    append(of(std::move(lists).finish(
        "x", std::move(structs).finish(
                 "", {text_column("price", {"1.50", {}}), value_column<int64_t>("day", Type::timestamp, {noon, {}}),
                      value_column<int64_t>("at", Type::timestamp, {noon, {}}),
                      value_column<int64_t>("wall", Type::timestamp, {noon, {}}),
                      value_column<double>("f", Type::float64, {0.5, {}}), text_column("raw", {"r", {}}),
                      std::move(ok).finish("ok")}))));
  }
  EXPECT_EQ(cat(), (Strings{row, row}));
  EXPECT_EQ(live().size(), 2u);
  command({"optimize"});
  EXPECT_EQ(live().size(), 1u);
  EXPECT_EQ(cat(), (Strings{row, row}));
}

TEST_F(NestedTableTest, a_nested_column_is_added_where_the_mode_allows_it) {
  settings.schema_mode = SchemaMode::add_columns;
  append(rows({"one"}, {1}));
  auto batch = rows({"two", "three", "four"}, {2, 3, 4});
  batch.set(users({7, 8, 9}));
  append(std::move(batch));
  EXPECT_EQ(cat(),
            (Strings{R"({"name":"four","number":4,"user":null})", R"({"name":"one","number":1,"user":null})",
                     R"({"name":"three","number":3,"user":{"id":8,"tags":null}})",
                     R"({"name":"two","number":2,"user":{"id":7,"tags":["a","a text longer than twelve bytes"]}})"}));
}

TEST_F(NestedTableTest, a_member_that_the_table_does_not_have_rejects_its_rows) {
  settings.schema_mode = SchemaMode::add_columns;
  append(of(users({1, 2, 3})));
  StructBuilder structs;
  structs.append();
  structs.append();
  auto sink = start();
  ASSERT_TRUE(write(*sink, of(std::move(structs).finish("user", {value_column<int64_t>("id", Type::int64, {4, 5}),
                                                                 text_column("new", {std::nullopt, "x"})}))));
  EXPECT_EQ(texts(rejected, "reason"), Strings{R"(column "user": the schema has nothing at user.new)"});
  ASSERT_TRUE(commit(*sink));
  EXPECT_EQ(cat().size(), 4u);
}

TEST_F(NestedTableTest, members_that_no_table_can_have_are_refused) {
  const auto refusal = [&](const std::string& type) {
    settings.columns = {{"x", type}};
    auto sink = DeltaSink::create(settings, host.host());
    return sink ? "" : sink.error().message;
  };
  EXPECT_EQ(refusal("struct<a: list<struct<b: int64>>>"), "");
  EXPECT_NE(refusal("list<struct<a b: int64>>").find("\"a b\" has one of the marks"), std::string::npos);
  EXPECT_NE(refusal("struct<a: int64, A: text>").find("in case only"), std::string::npos);
  EXPECT_NE(refusal("struct<a: timestamp_ms>").find("column \"x.a\" is a timestamp_ms"), std::string::npos);
}

}  // namespace
}  // namespace levada::delta

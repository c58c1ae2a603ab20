// Types are read as users write them, taken from batches, and come back from schemas of Arrow.
#include "lake/schema.h"

#include <arrow/type.h>
#include <gtest/gtest.h>

#include "levada/testkit/batches.h"

namespace levada::lake {
namespace {

using Columns = std::vector<std::pair<std::string, std::string>>;

std::string parsed(const Columns& columns) {
  const auto schema = LakeSchema::parse(columns);
  if (!schema) return schema.error().option + ": " + schema.error().message;
  std::string all;
  for (const auto& field : schema->fields())
    all += field.name + " " + field.type.name() + (field.nullable ? "," : " not null,");
  return all;
}

TEST(Schema, reads_each_type_and_writes_it_the_same) {
  for (const auto* name : {"boolean",
                           "int8",
                           "int16",
                           "int32",
                           "int64",
                           "float32",
                           "float64",
                           "decimal(10,2)",
                           "decimal(38,38)",
                           "date",
                           "text",
                           "bytes",
                           "timestamp",
                           "timestamp_s",
                           "timestamp_ms",
                           "timestamp_ns",
                           "timestamp_ntz",
                           "timestamp_s_ntz",
                           "timestamp_ms_ntz",
                           "timestamp_ns_ntz",
                           "list<int8>",
                           "struct<id: int64 not null, tags: list<text not null>, at: timestamp_ms>",
                           "list<struct<price: decimal(10,2), more: list<list<date>>>>"}) {
    const auto type = parse_type(name);
    ASSERT_TRUE(type) << name;
    EXPECT_EQ(type->name(), name);
  }
  EXPECT_EQ(parse_type(" timestamp_us_ntz ")->name(), "timestamp_ntz");
  EXPECT_EQ(parse_type("decimal( 5 , 1 )")->name(), "decimal(5,1)");
  EXPECT_EQ(parse_type("decimal(5)")->name(), "decimal(5,0)");
}

TEST(Schema, is_a_table_of_names_and_types) {
  EXPECT_EQ(parsed({{"id", "int64 not null"}, {"price", "decimal(10,2)"}, {"at", "timestamp_ms"}}),
            "id int64 not null,price decimal(10,2),at timestamp_ms,");
}

TEST(Schema, says_which_column_is_at_fault_and_what_to_write) {
  EXPECT_EQ(parsed({{"a", "text"}, {"b", "string"}}), "columns.b: \"string\" is no type; write \"text\"");
  EXPECT_EQ(parsed({{"a", "bigint not null"}}), "columns.a: \"bigint\" is no type; write \"int64\"");
  EXPECT_EQ(parsed({{"a", "decimal"}}), "columns.a: \"decimal\" needs how many digits it has: \"decimal(10,2)\"");
  for (const auto* bad : {"decimal(0,0)", "decimal(39,1)", "decimal(5,6)", "decimal(x,1)", "decimal(5,)", "decimal(,)",
                          "decimal()", "decimal(300,1)"})
    EXPECT_EQ(parsed({{"a", bad}}), "columns.a: \"" + std::string(bad) +
                                        "\" is no decimal: it has 1 to 38 digits, and no more than these behind the "
                                        "point");
  const auto unknown = parsed({{"a", "timestamp_h"}});
  EXPECT_TRUE(unknown.starts_with("columns.a: \"timestamp_h\" is no type; there are boolean, int8,")) << unknown;
  EXPECT_EQ(parsed({{"a", "list<struct<b: string>>"}}), "columns.a: \"string\" is no type; write \"text\"");
  EXPECT_EQ(parsed({{"a", "list<text"}}),
            "columns.a: \"list<text\" has a list of more than one type, or without its >; nested types are written "
            "list<text> and struct<id: int64, tags: list<text>>");
}

TEST(Schema, of_a_batch_has_its_values_as_they_are) {
  Batch batch = testkit::batch_of({"{}"});
  batch.set(testkit::boolean_column("b", {true}));
  batch.set(testkit::value_column<int64_t>("i", Type::int64, {1}));
  batch.set(testkit::value_column<double>("f", Type::float64, {1}));
  batch.set(testkit::value_column<int64_t>("t", Type::timestamp, {1}));
  batch.set(testkit::text_column("x", {"y"}));
  batch.set(testkit::list_column("l", {{{1, 2}}}));
  const auto schema = LakeSchema::of(batch);
  std::string all;
  for (const auto& field : schema.fields()) all += field.name + " " + field.type.name() + ",";
  EXPECT_EQ(all, "body bytes,b boolean,i int64,f float64,t timestamp,x text,l list<int64>,");
  EXPECT_EQ(schema.find("none"), nullptr);
}

TEST(Schema, comes_back_from_arrow_as_it_was) {
  const auto schema = LakeSchema::parse(Columns{{"a", "int8 not null"},
                                                {"b", "decimal(20,3)"},
                                                {"c", "timestamp_s_ntz"},
                                                {"d", "timestamp_ns"},
                                                {"e", "text"},
                                                {"f", "bytes"},
                                                {"g", "date"},
                                                {"h", "float32"},
                                                {"i", "struct<a: int8 not null, b: list<text>> not null"},
                                                {"j", "list<struct<a: date> not null>"}});
  ASSERT_TRUE(schema);
  const auto back = LakeSchema::of(*schema->to_arrow());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, *schema);
  const auto usual = LakeSchema::of(*arrow::schema(
      {arrow::field("s", arrow::utf8()), arrow::field("d", arrow::dictionary(arrow::int8(), arrow::large_utf8()))}));
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->find("d")->type.name() + usual->find("s")->type.name(), "texttext");
  const auto nested = LakeSchema::of(*arrow::schema(
      {arrow::field("l", arrow::large_list(arrow::field("item", arrow::utf8(), false))),
       arrow::field("s", arrow::struct_({arrow::field("m", arrow::map(arrow::utf8(), arrow::int8()))}))}));
  ASSERT_TRUE(nested);
  EXPECT_EQ(nested->find("l")->type.name() + nested->find("s")->type.name(),
            "list<text not null>struct<m: map<string, int8>>");
  const auto none = LakeSchema::of(*arrow::schema({arrow::field("u", arrow::dense_union(arrow::FieldVector()))}));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "column \"u\" is dense_union<>, which no Parquet file can have");
}

}  // namespace
}  // namespace levada::lake

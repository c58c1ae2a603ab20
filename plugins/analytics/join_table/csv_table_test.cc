// Tables out of CSV, and where it is wrong.
#include "csv_table.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"

namespace levada::join_table {
namespace {

using Texts = std::vector<std::string>;

join::TableShape shape_of(std::vector<std::string> keys, std::vector<DeclaredColumn> columns = {}) {
  return {.keys = std::move(keys), .columns = std::move(columns)};
}

std::string fault_of(std::string_view text, const join::TableShape& shape) {
  const auto table = read_csv_table("t.csv", text, shape, {});
  return table ? "none" : table.error().message;
}

Texts texts(const join::Table& table, size_t column) {
  Batch batch(table.rows() + 1);
  batch.set(table.columns().at(column));
  return testkit::texts(batch, table.columns()[column].name());
}

TEST(CsvTable, has_rows_by_key_and_a_null_behind_them) {
  const auto made = read_csv_table("t.csv", "id,name,n\r\n7,\"Summer, at last\",1\r\n8,\"The \"\"big\"\" one\",\r\n",
                                   shape_of({"id"}), {});
  ASSERT_TRUE(made) << made.error().message;
  const join::Table& table = **made;
  EXPECT_EQ(table.rows(), 2);
  ASSERT_EQ(table.columns().size(), 2u);
  EXPECT_EQ(texts(table, 0), (Texts{"Summer, at last", "The \"big\" one", "<null>"}));
  EXPECT_EQ(texts(table, 1), (Texts{"1", "<null>", "<null>"}));
}

TEST(CsvTable, has_the_columns_and_types_that_are_declared) {
  const auto shape = shape_of({"b", "id"}, {{.name = "id", .type = ValueType::int64},
                                            {.name = "n", .type = ValueType::float64},
                                            {.name = "on", .type = ValueType::boolean}});
  const auto made = read_csv_table("t.csv", "\xef\xbb\xbfid,on,n,x,b\n007,yes,1.5,more,k\n\n8,,,,k", shape, {});
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ((*made)->columns().size(), 2u);
  EXPECT_EQ(texts(**made, 0), (Texts{"1.5", "<null>", "<null>"}));
  EXPECT_EQ(texts(**made, 1), (Texts{"true", "<null>", "<null>"}));
  std::string key;
  join::KeyIndex::append_part("k", key);
  join::KeyIndex::append_part("7", key);
  EXPECT_EQ((*made)->index().find(key), 0);
}

TEST(CsvTable, may_have_no_rows_and_nothing_but_keys) {
  EXPECT_EQ(fault_of("id,x", shape_of({"id"})), "none");
  EXPECT_EQ(fault_of("id\n1\n2\n", shape_of({"id"})), "none");
}

TEST(CsvTable, says_where_a_file_is_wrong) {
  const auto shape = shape_of({"id"});
  EXPECT_EQ(fault_of("", shape), "t.csv:1:1: expected a header with the names of the columns");
  EXPECT_EQ(fault_of("a,b\n", shape), "t.csv:1:1: there is no column \"id\" in the header");
  EXPECT_EQ(fault_of("id,x,x\n", shape), "t.csv:1:6: the column \"x\" is there twice");
  EXPECT_EQ(fault_of("id,x\n1,a\n2\n", shape), "t.csv:3:1: expected 2 fields, found 1");
  EXPECT_EQ(fault_of("id,x\n1,a,b\n", shape), "t.csv:2:5: expected 2 fields, found 3");
  EXPECT_EQ(fault_of("id,x\n1,\"a\nb\n", shape), "t.csv:2:3: the quote is not closed");
  EXPECT_EQ(fault_of("id,x\n1,\"a\nb\"\n1,c\n", shape), "t.csv:4:1: has the same key as line 2");
  EXPECT_EQ(fault_of("id,x\n1,a\n2,x\n", shape_of({"id"}, {{.name = "x", .type = ValueType::int64}})),
            "t.csv:2:3: the column \"x\" is int64, and this does not fit");
  EXPECT_EQ(fault_of("id,x\nk,1\n", shape_of({"id"}, {{.name = "id", .type = ValueType::int64}})),
            "t.csv:2:1: the column \"id\" is int64, and this does not fit");
  EXPECT_EQ(fault_of("id,x\n1,\n", shape_of({"id"}, {{.name = "x", .required = true}})),
            "t.csv:2:3: the column \"x\" is required and has no value");
  EXPECT_EQ(fault_of("id,x\n1,\xff\n", shape), "t.csv:2:3: the column \"x\" is text, and this does not fit");
}

// Each row costs the same: were lines counted for each, this would take many minutes.
TEST(CsvTable, of_many_rows_names_the_line_of_the_first_that_is_there_twice) {
  std::string text = "id\n";
  for (int id = 0; id < 300'000; ++id) text.append(std::to_string(id)).append("\n");
  EXPECT_EQ(fault_of(text, shape_of({"id"})), "none");
  EXPECT_EQ(fault_of(text + "299998\n", shape_of({"id"})), "t.csv:300002:1: has the same key as line 300000");
}

}  // namespace
}  // namespace levada::join_table

// Rows come into groups and in order with all that they have.
#include "lake/row_order.h"

#include <arrow/array.h>
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lake/partitions.h"

namespace levada::lake {
namespace {

using Texts = std::vector<std::optional<std::string>>;
using Integers = std::vector<std::optional<int64_t>>;

template <class Builder, class Values>
std::shared_ptr<arrow::Array> array_of(const Values& values) {
  Builder builder;
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return *builder.Finish();
}
std::shared_ptr<arrow::Array> integers(const Integers& values) { return array_of<arrow::Int64Builder>(values); }
std::shared_ptr<arrow::Array> texts(const Texts& values) { return array_of<arrow::StringViewBuilder>(values); }

Texts texts_of(const arrow::Array& array) {
  Texts all;
  const auto& views = static_cast<const arrow::StringViewArray&>(array);
  for (int64_t row = 0; row < views.length(); ++row)
    all.push_back(views.IsNull(row) ? std::optional<std::string>() : std::string(views.GetView(row)));
  return all;
}

// The rows of groups 1, 0, 1, 0, ... in the order of their groups.
Texts arranged(const arrow::ArrayVector& column, Scratch& scratch) {
  std::vector<int32_t> group_of_row;
  for (const auto& array : column)
    for (int64_t row = 0; row < array->length(); ++row)
      group_of_row.push_back(static_cast<int32_t>((group_of_row.size() + 1) % 2));
  RowOrder order;
  order_rows({}, group_of_row, 2, order);
  const auto made = arrange(column, order, group_of_row, scratch);
  EXPECT_TRUE(made.ok()) << made.status().ToString();
  EXPECT_TRUE((*made)->ValidateFull().ok());
  return texts_of(**made);
}

TEST(Groups, are_of_equal_values_whatever_their_number) {
  Integers values;
  for (int64_t row = 0; row < 10'000; ++row) values.push_back(row % 7 == 0 ? std::nullopt : std::optional(row % 3'000));
  Groups groups;
  group(10'000, {{integers(values)->Slice(0, 4'000), integers(values)->Slice(4'000)}}, {{.kind = Kind::int64}}, groups);
  for (size_t row = 0; row < values.size(); ++row) {
    const auto& value = groups.values[static_cast<size_t>(groups.of_row[row])][0];
    EXPECT_EQ(value, values[row] ? std::optional(std::to_string(*values[row])) : std::nullopt) << row;
  }
  EXPECT_EQ(groups.values.size(), 3'001u);
}

TEST(Groups, of_several_columns_are_one_for_each_combination) {
  const auto kinds = texts({"a", "a text that is long", {}, "a", "", "a text that is long"});
  Groups groups;
  group(6, {{kinds}, {integers({1, 1, 1, 2, 1, 1})}}, {{.kind = Kind::text}, {.kind = Kind::int64}}, groups);
  EXPECT_EQ(groups.of_row, (std::vector<int32_t>{0, 1, 2, 3, 2, 1}));
  EXPECT_EQ(groups.values[3], (PartitionValues{"a", "2"}));
  EXPECT_EQ(groups.values[2], (PartitionValues{std::nullopt, "1"}));
}

TEST(Groups, know_nothing_of_those_before_in_the_same_memory) {
  Groups groups;
  group(3, {{integers({1, 2, 3})}}, {{.kind = Kind::int64}}, groups);
  group(2, {{integers({3, 3})}}, {{.kind = Kind::int64}}, groups);
  EXPECT_EQ(groups.of_row, (std::vector<int32_t>{0, 0}));
  EXPECT_EQ(groups.values, (std::vector<PartitionValues>{{"3"}}));
}

TEST(Arrange, keeps_texts_of_all_sizes) {
  Texts values;
  for (size_t size = 0; size < 100; ++size) {
    std::string text;
    for (size_t at = 0; at < size; ++at) text += static_cast<char>('a' + (size + at) % 26);
    values.push_back(text);
    if (size % 9 == 0) values.push_back(std::nullopt);
  }
  Texts expected;
  for (const size_t group : {size_t{1}, size_t{0}})
    for (size_t row = group; row < values.size(); row += 2) expected.push_back(values[row]);
  const auto whole = texts(values);
  Scratch scratch;
  EXPECT_EQ(arranged({whole}, scratch), expected);
  EXPECT_EQ(arranged({whole->Slice(0, 31), whole->Slice(31)}, scratch), expected);
}

TEST(Arrange, leaves_long_texts_where_they_are) {
  const std::string one(1'000, '1'), two(2'000, '2');
  const auto column = texts({one, two, {}, one});
  Scratch scratch;
  EXPECT_EQ(arranged({column, column}, scratch), (Texts{two, one, two, one, one, {}, one, {}}));
  RowOrder order;
  const std::vector<int32_t> group_of_row = {0, 1, 0, 1};
  order_rows({}, group_of_row, 2, order);
  const auto made = *arrange({column}, order, group_of_row, scratch);
  EXPECT_EQ(made->data()->buffers[2]->data(), column->data()->buffers[2]->data());
}

TEST(Scratch, gives_no_memory_that_an_array_still_has) {
  Scratch scratch;
  auto first = *scratch.take(100);
  const auto second = *scratch.take(100);
  EXPECT_NE(first->data(), second->data());
  const auto* before = first->data();
  first.reset();
  EXPECT_EQ((*scratch.take(50))->data(), before);
  EXPECT_GE((*scratch.take(5'000))->size(), 5'000);
}

}  // namespace
}  // namespace levada::lake

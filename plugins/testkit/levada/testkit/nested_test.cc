// Nested columns of the SDK: what is built reads back, also out of slices, rows that were taken,
// and other layouts.
#include "levada/nested.h"

#include <gtest/gtest.h>

#include "levada/testkit/arrow_check.h"
#include "levada/testkit/batches.h"

namespace levada {
namespace {

using testkit::text_column;
using testkit::value_column;
using Texts = std::vector<std::string>;

// A value of any column as text: {a=1,b=[x,y]}
std::string shown(const Column& column, int64_t row) {
  if (column.null(row)) return "null";
  const auto nested = Nested::of(column);
  if (!nested)
    return column.is_textual() ? std::string(column.text(row)) : std::to_string(column.values<int64_t>()[row]);
  std::string all;
  if (nested->is_list()) {
    for (int64_t item = nested->begin(row); item < nested->end(row); ++item)
      all += (all.empty() ? "" : ",") + shown(nested->items(), item);
    return "[" + all + "]";
  }
  for (const auto& member : nested->members())
    all += (all.empty() ? "" : ",") + member.name() + "=" + shown(member, row);
  return "{" + all + "}";
}

Texts shown(const Column& column) {
  Texts all;
  for (int64_t row = 0; row < column.rows(); ++row) all.push_back(shown(column, row));
  return all;
}

Column tags() {
  ListBuilder lists;
  lists.append(2);
  lists.append_null();
  lists.append(2);
  lists.append(5);
  return std::move(lists).finish("tags", text_column("", {"a", "b", "c", std::nullopt, "longer than twelve bytes"}));
}

Column users() {
  StructBuilder structs;
  structs.append();
  structs.append();
  structs.append_null();
  structs.append();
  return std::move(structs).finish("user", {value_column<int64_t>("id", Type::int64, {1, std::nullopt, 3, 4}), tags()});
}

const Texts kUsers = {"{id=1,tags=[a,b]}", "{id=null,tags=null}", "null",
                      "{id=4,tags=[c,null,longer than twelve bytes]}"};

// As it is after it was handed over to somebody else.
Column handed_over(const Column& column) {
  Batch batch(column.rows());
  batch.set(column);
  levada_batch given = detail::empty_batch();
  batch.share(given);
  EXPECT_EQ(testkit::fault_of(given), "");
  auto taken = Batch::adopt(given);
  EXPECT_TRUE(taken);
  return taken->columns()[0];
}

TEST(Nested, lists_and_structs_read_as_they_were_built) {
  EXPECT_EQ(shown(tags()), (Texts{"[a,b]", "null", "[]", "[c,null,longer than twelve bytes]"}));
  EXPECT_EQ(shown(users()), kUsers);
  EXPECT_EQ(shown(handed_over(users())), kUsers);
  EXPECT_EQ(users().name(), "user");
  EXPECT_EQ(users().type(), Type::opaque);
}

TEST(Nested, the_rows_of_a_slice_are_those_of_the_slice) {
  for (int64_t first = 0; first <= 4; ++first)
    for (int64_t count = 0; first + count <= 4; ++count) {
      const auto part = handed_over(users().slice(first, count));
      EXPECT_EQ(shown(part), Texts(kUsers.begin() + first, kUsers.begin() + first + count)) << first << " " << count;
    }
  EXPECT_EQ(shown(users().slice(1, 3).slice(1, 2)), Texts(kUsers.begin() + 2, kUsers.end()));
}

TEST(Nested, rows_that_are_taken_are_these_rows) {
  const std::vector<int64_t> rows = {3, 3, 0, 2};
  EXPECT_EQ(shown(take(users().slice(0, 4), rows.data(), 4)), (Texts{kUsers[3], kUsers[3], kUsers[0], kUsers[2]}));
  EXPECT_TRUE(shown(take(users(), rows.data(), 0)).empty());
}

TEST(Nested, an_item_knows_its_row) {
  const auto lists = Nested::of(tags());
  ASSERT_TRUE(lists);
  Texts rows;
  for (int64_t item = 0; item < lists->items().rows(); ++item) rows.push_back(std::to_string(lists->row_of(item)));
  EXPECT_EQ(rows, (Texts{"0", "0", "3", "3", "3"}));
}

TEST(Nested, columns_without_rows_and_nulls_everywhere) {
  EXPECT_TRUE(shown(std::move(ListBuilder()).finish("x", text_column("", {}))).empty());
  EXPECT_TRUE(shown(handed_over(std::move(StructBuilder()).finish("x", {text_column("a", {})}))).empty());
  ListBuilder nulls;
  for (int row = 0; row < 100; ++row) nulls.append_null();
  EXPECT_EQ(shown(handed_over(std::move(nulls).finish("x", text_column("", {})))), Texts(100, "null"));
  ListBuilder hidden;
  hidden.append_null(2);
  hidden.append(3);
  EXPECT_EQ(shown(handed_over(std::move(hidden).finish("x", text_column("", {"a", "b", "c"})))),
            (Texts{"null", "[c]"}));
}

TEST(Nested, many_lists_read_back) {
  ListBuilder lists;
  ValueBuilder<int64_t> items;
  for (int64_t row = 0; row < 10'000; ++row) {
    for (int64_t item = 0; item < row % 7; ++item) items.append(row);
    row % 11 == 3 ? lists.append_null(items.rows()) : lists.append(items.rows());
  }
  const auto column = std::move(lists).finish("x", std::move(items).finish("", Type::int64));
  const auto nested = Nested::of(column);
  for (int64_t row = 0; row < 10'000; ++row) {
    ASSERT_EQ(column.null(row), row % 11 == 3);
    ASSERT_EQ(nested->end(row) - nested->begin(row), row % 7);
    for (auto item = nested->begin(row); item < nested->end(row); ++item)
      ASSERT_EQ(nested->items().values<int64_t>()[item], row);
  }
}

TEST(Nested, other_columns_are_not_nested) {
  EXPECT_FALSE(Nested::of(text_column("x", {"a"})));
  EXPECT_TRUE(Nested::of(testkit::list_column("x", {std::vector<int64_t>{1}})));
}

// What others lay out: offsets of 64 bits, items of a fixed number, small integers and texts with
// offsets.
struct Foreign {
  static constexpr auto release_schema = [](ArrowSchema* schema) { schema->release = nullptr; };

  ArrowSchema item{"s", "item", nullptr, ARROW_FLAG_NULLABLE, 0, nullptr, nullptr, release_schema, nullptr};
  ArrowSchema* items[1] = {&item};

  Column column(const char* format, std::vector<const void*> buffers, int64_t rows, int64_t offset, int64_t values) {
    static constexpr int16_t kValues[] = {10, -11, 12, 13, 14, 15, 16, 17};
    auto inner = std::make_unique<detail::Held>();
    inner->pointers = {nullptr, kValues};
    auto held = std::make_unique<detail::Held>();
    held->pointers = std::move(buffers);
    held->children.push_back(detail::array_of(std::move(inner), values, 0));
    auto array = detail::array_of(std::move(held), rows, 0);
    array.offset = offset;
    ArrowSchema schema{format, "", nullptr, ARROW_FLAG_NULLABLE, 1, items, nullptr, release_schema, nullptr};
    auto kept = std::make_shared<ArrowSchema>(schema);
    return Column("x", Type::opaque, detail::hold(array), kept);
  }
};

TEST(Nested, lists_of_other_layouts_are_lists) {
  Foreign foreign;
  static constexpr int64_t kLarge[] = {1, 3, 3, 6};
  static constexpr int32_t kSmall[] = {0, 2, 5};
  EXPECT_EQ(shown(foreign.column("+L", {nullptr, kLarge}, 3, 0, 8)), (Texts{"[-11,12]", "[]", "[13,14,15]"}));
  EXPECT_EQ(shown(foreign.column("+L", {nullptr, kLarge}, 2, 1, 8)), (Texts{"[]", "[13,14,15]"}));
  EXPECT_EQ(shown(foreign.column("+l", {nullptr, kSmall}, 1, 1, 8)), Texts{"[12,13,14]"});
  EXPECT_EQ(shown(foreign.column("+w:2", {nullptr}, 2, 1, 8)), (Texts{"[12,13]", "[14,15]"}));
}

}  // namespace
}  // namespace levada

// The SDK's batch: rejected and dropped rows, slices, and columns that come in from elsewhere.
#include "levada/batch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "levada/kept_rows.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/shared_batch.h"

namespace levada {
namespace {

using testkit::texts;
using Texts = std::vector<std::string>;

TEST(Batch, drops_a_row_that_is_rejected) {
  auto batch = testkit::batch_of({"a", "b", "c"});
  batch.reject(1, "it is b");
  EXPECT_EQ(batch.rows(), 3);
  batch.apply();
  EXPECT_EQ(texts(batch, "body"), (Texts{"a", "c"}));
  ASSERT_EQ(batch.rejections().size(), 1u);
  EXPECT_EQ(batch.rejections()[0].row, 1);
}

TEST(Batch, tells_why_a_row_has_no_text) {
  auto batch = testkit::batch_of({"one", "", "three"});
  batch.set(testkit::text_column("text", {"a", std::nullopt, ""}));
  batch.set(testkit::value_column<int64_t>("count", Type::int64, {1, std::nullopt, 3}));
  batch.set(testkit::list_column("tags", {std::vector<int64_t>{1}, std::nullopt, std::nullopt}));
  batch.set(repeat("dictionary", "always", 3));
  const auto states = [&](std::string_view name) {
    std::vector<TextState> all;
    for (auto event : batch) all.push_back(event.text_state(name));
    return all;
  };
  using enum TextState;
  EXPECT_EQ(states("body"), (std::vector{present, present, present}));
  EXPECT_EQ(states("text"), (std::vector{present, null, present}));
  EXPECT_EQ(states("count"), (std::vector{not_text, null, not_text}));
  EXPECT_EQ(states("tags"), (std::vector{not_text, null, null}));
  EXPECT_EQ(states("dictionary"), (std::vector{present, present, present}));
  EXPECT_EQ(states("nowhere"), (std::vector{missing, missing, missing}));
}

TEST(Batch, keeps_a_row_of_which_a_part_is_rejected) {
  auto batch = testkit::batch_of({"a, b", "c"});
  const Batch input = batch;
  batch.reject_part(0, "it is b", "b");
  batch.apply();
  EXPECT_EQ(texts(batch, "body"), (Texts{"a, b", "c"}));
  EXPECT_EQ(texts(Batch::rejected(input, batch.rejections()), "body"), (Texts{"b"}));
}

TEST(Batch, takes_the_marks_of_rows_along) {
  auto batch = testkit::batch_of({"a", "b", "c", "d"});
  batch.reject(0, "first");
  batch.reject(3, "last");
  batch.take(std::vector<int64_t>{3, 2, 1, 2});
  batch.drop_marked();
  EXPECT_EQ(texts(batch, "body"), (Texts{"c", "b", "c"}));
}

// Runs of rows are copied as a whole: for every type, at any offset in bits, values and nulls have
// to be those that the rows have one by one.
TEST(KeptRows, are_what_they_were) {
  constexpr int64_t kRows = 700;
  std::vector<std::optional<std::string>> texts_of_rows;
  std::vector<std::optional<int64_t>> numbers;
  std::vector<std::optional<bool>> switches;
  std::vector<std::optional<std::vector<int64_t>>> lists;
  for (int64_t row = 0; row < kRows; ++row) {
    const bool null = row % 7 == 3;
    texts_of_rows.push_back(null ? std::nullopt : std::optional(std::string(static_cast<size_t>(row % 30), 'a')));
    numbers.push_back(null ? std::nullopt : std::optional(row));
    switches.push_back(null ? std::nullopt : std::optional(row % 3 == 0));
    lists.push_back(null ? std::nullopt : std::optional(std::vector<int64_t>{row, row}));
  }
  Batch all(kRows);
  all.set(testkit::text_column("text", texts_of_rows));
  all.set(testkit::value_column<int64_t>("number", Type::int64, numbers));
  all.set(testkit::value_column<int64_t>("time", Type::timestamp, numbers));
  all.set(testkit::boolean_column("switch", switches));
  all.set(testkit::list_column("list", lists));
  all.set(repeat("word", "always", kRows));

  for (const std::vector<int64_t>& gone : {std::vector<int64_t>{}, {0}, {650}, {0, 1, 64, 129, 400}, {3, 10, 17}})
    for (const int64_t first : {0, 1, 5, 63}) {
      const Batch before = all.slice(first, kRows - 40 - first);
      std::vector<int64_t> kept;
      for (int64_t row = 0; row < before.rows(); ++row)
        if (std::find(gone.begin(), gone.end(), row) == gone.end()) kept.push_back(row);
      const Batch after = keep_rows(before, kept);
      ASSERT_EQ(after.rows(), static_cast<int64_t>(kept.size()));
      for (const auto& column : before.columns()) {
        const auto is = texts(after, column.name()), was = texts(before, column.name());
        int64_t nulls = 0;
        for (size_t row = 0; row < kept.size(); ++row) {
          ASSERT_EQ(is[row], was[static_cast<size_t>(kept[row])]) << column.name() << " " << row;
          nulls += after.find(column.name())->null(static_cast<int64_t>(row));
        }
        const int64_t said = after.find(column.name())->array().null_count;
        EXPECT_TRUE(said == nulls || said == -1) << column.name();
      }
    }
}

TEST(KeptRows, are_all_but_the_rejected_ones_which_stay_known) {
  Batch batch = testkit::batch_of({"a", "b", "c", "d"});
  batch.set(testkit::value_column<double>("number", Type::float64, {1.5, 2.5, std::nullopt, 4.5}));
  batch.position = "here";
  batch.sequence = 7;
  batch.jump = true;
  batch.reject(1, "it is b");
  batch.reject(0, "it is a");
  const Batch kept = without_rejected(batch);
  EXPECT_EQ(texts(kept, "body"), (Texts{"c", "d"}));
  EXPECT_EQ(texts(kept, "number"), (Texts{"<null>", "4.5"}));
  EXPECT_EQ(kept.position, "here");
  EXPECT_EQ(kept.sequence, 7u);
  EXPECT_TRUE(kept.jump);
  ASSERT_EQ(kept.rejections().size(), 2u);
  EXPECT_EQ(kept.rejections()[1].reason, "it is a");
  EXPECT_EQ(texts(Batch::rejected(batch, kept.rejections()), "body"), (Texts{"b", "a"}));
}

TEST(Batch, shares_its_memory_with_a_slice) {
  Batch batch = testkit::batch_of({"one", "a body that is longer than twelve bytes", "three"});
  batch.set(testkit::value_column<int64_t>("count", Type::int64, {1, std::nullopt, 3}));
  batch.set(testkit::list_column("tags", {std::vector<int64_t>{1}, std::vector<int64_t>{2, 3}, std::nullopt}));
  batch.position = "here";
  const Batch slice = batch.slice(1, 2);
  EXPECT_EQ(slice.rows(), 2);
  EXPECT_EQ(slice.position, "here");
  EXPECT_EQ(texts(slice, "count"), (Texts{"<null>", "3"}));
  EXPECT_EQ(texts(slice.slice(1, 1), "body"), (Texts{"three"}));
  EXPECT_EQ(slice.find("count")->values<int64_t>(), batch.find("count")->values<int64_t>() + 1);
  EXPECT_EQ(slice.find("body")->views().data(), batch.find("body")->views().data() + 1);
  EXPECT_TRUE(slice.find("tags")->null(1));
}

// A holder may move a child out of the structs that it got; the others do not notice.
TEST(Batch, gives_each_holder_structs_of_its_own) {
  Batch batch(2);
  batch.set(testkit::list_column("tags", {std::vector<int64_t>{1}, std::vector<int64_t>{2, 3}}));
  levada_batch first = detail::empty_batch(), second = detail::empty_batch();
  batch.share(first);
  batch.share(second);
  ArrowArray moved = *first.rows.children[0]->children[0];
  first.rows.children[0]->children[0]->release = nullptr;
  detail::release(first);
  EXPECT_EQ(static_cast<const int64_t*>(moved.buffers[1])[2], 3);
  moved.release(&moved);
  EXPECT_NE(second.rows.children[0]->children[0]->release, nullptr);
  detail::release(second);
}

TEST(Batch, refuses_a_layout_that_it_does_not_know_and_takes_nothing) {
  levada_batch shared = detail::empty_batch();
  testkit::batch_of({"a"}).share(shared);
  shared.schema.children[0]->format = "?";
  const auto adopted = Batch::adopt(shared);
  ASSERT_FALSE(adopted);
  EXPECT_EQ(adopted.error().message, "column \"body\" has the Arrow format \"?\", whose layout levada does not know");
  EXPECT_NE(shared.rows.release, nullptr);
  detail::release(shared);
}

}  // namespace
}  // namespace levada

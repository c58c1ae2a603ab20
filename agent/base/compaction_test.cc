// What batches hold on to: slices of large ones, rows of which most were dropped, dictionaries of
// many words.
#include "agent/base/compaction.h"

#include <gtest/gtest.h>

#include <random>

#include "levada/testkit/arrow_check.h"
#include "levada/testkit/batches.h"

namespace levada::agent {
namespace {

constexpr int64_t kRows = 4000;

// A batch as a source reads it from many small files: each row from a file of its own.
Batch of_many_files() {
  TextBuilder bodies(kRows), names(kRows);
  ValueBuilder<int32_t> files(kRows);
  ValueBuilder<int64_t> offsets(kRows);
  for (int32_t row = 0; row < kRows; ++row) {
    bodies.append("{\"a\":" + std::to_string(row) + ", \"more\":\"a text of some length\"}");
    names.append("/var/spool/clicks/2026-01-01/" + std::to_string(row) + ".json");
    files.append(row);
    offsets.append(row * 8);
  }
  Batch batch(kRows);
  batch.set(std::move(bodies).finish("body", Type::bytes));
  batch.set(std::move(files).finish("file", std::move(names).finish("", Type::text)));
  batch.set(std::move(offsets).finish("offset", Type::int64));
  return batch;
}

std::vector<std::string> seen(const Batch& batch) {
  levada_batch shared;
  batch.share(shared);
  EXPECT_EQ(testkit::fault_of(shared), "");
  auto rows = testkit::rows_of(shared);
  levada::detail::release(shared);
  return rows;
}

TEST(Compaction, lets_a_slice_hold_what_its_rows_use) {
  const Batch whole = of_many_files();
  EXPECT_GT(held_bytes(whole), kRows * 100u);
  for (const int64_t first : {int64_t{0}, int64_t{1}, kRows / 2, kRows - 2}) {
    const Batch slice = whole.slice(first, 2), tight = compacted(slice);
    EXPECT_LT(held_bytes(tight), 512u) << first;
    EXPECT_EQ(seen(tight), seen(slice));
    EXPECT_EQ(testkit::texts(tight, "file").front(), testkit::texts(whole, "file")[static_cast<size_t>(first)]);
  }
}

TEST(Compaction, leaves_a_batch_alone_of_which_most_is_in_use) {
  const Batch whole = of_many_files(), same = compacted(whole);
  for (const auto& column : whole.columns()) EXPECT_EQ(same.find(column.name())->shared(), column.shared());
  const Batch most = whole.slice(0, kRows * 3 / 4);
  for (const auto& column : most.columns()) EXPECT_EQ(compacted(most).find(column.name())->shared(), column.shared());
}

// As a batch whose bodies were written anew, beside columns that point into the old ones.
TEST(Compaction, counts_for_each_block_what_is_used_of_it) {
  Batch whole = of_many_files();
  const Column body = *whole.find("body");
  TextBuilder parts(kRows), bodies(kRows);
  const auto first = parts.share(body);
  for (int64_t row = 0; row < kRows; ++row) {
    const auto text = body.text(row);
    parts.append_part(body.views().data()[row], text, text.substr(2, text.size() / 2), first);
    bodies.append(text.substr(0, text.size() * 3 / 4));
  }
  whole.set(std::move(parts).finish("part", Type::text));
  whole.set(std::move(bodies).finish("body", Type::bytes));
  const Batch same = compacted(whole);
  for (const auto& column : whole.columns()) EXPECT_EQ(same.find(column.name())->shared(), column.shared());
}

TEST(Compaction, keeps_shared_what_columns_share) {
  Batch whole = of_many_files();
  const Column& body = *whole.find("body");
  TextBuilder parts(kRows);
  const auto first = parts.share(body);
  for (int64_t row = 0; row < kRows; ++row)
    parts.append_part(body.views().data()[row], body.text(row), body.text(row).substr(2, 20), first);
  whole.set(std::move(parts).finish("part", Type::text));
  std::vector<int64_t> few;
  for (int64_t row = 0; row < kRows; row += 10) few.push_back(row);
  whole.take(few);
  const Batch tight = compacted(whole);
  EXPECT_EQ(seen(tight), seen(whole));
  EXPECT_LT(held_bytes(tight), held_bytes(whole) / 4);
  EXPECT_EQ(tight.find("part")->text(7).data(), tight.find("body")->text(7).data() + 2);
}

TEST(Compaction, copies_texts_of_any_length_from_any_place) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    Batch whole(200);
    TextBuilder bodies(200);
    for (int row = 0; row < 200; ++row) {
      std::string text(13 + random() % (random() % 8 ? 90 : 5000), static_cast<char>('a' + row % 26));
      text[text.size() / 2] = '|';
      bodies.append(text);
    }
    whole.set(std::move(bodies).finish("body", Type::bytes));
    std::vector<int64_t> few;
    for (int64_t row = static_cast<int64_t>(random() % 4); row < 200; row += 1 + static_cast<int64_t>(random() % 20))
      few.push_back(row);
    whole.take(few);
    EXPECT_EQ(testkit::texts(compacted(whole), "body"), testkit::texts(whole, "body")) << round;
  }
}

TEST(Compaction, keeps_nulls_and_the_order_of_words) {
  Batch batch(3);
  TextBuilder words;
  for (int word = 0; word < 1000; ++word) words.append("a word of more than twelve bytes " + std::to_string(word));
  ValueBuilder<int32_t> indices;
  indices.append(999);
  indices.append_null();
  indices.append(0);
  batch.set(std::move(indices).finish("kind", std::move(words).finish("", Type::text)));
  const Batch tight = compacted(batch);
  EXPECT_EQ(seen(tight), seen(batch));
  EXPECT_EQ(tight.find("kind")->array().dictionary->length, 2);
}

TEST(Compaction, counts_a_block_once_that_columns_share) {
  Batch batch = of_many_files();
  const auto before = held_bytes(batch);
  batch.set(batch.find("body")->renamed("raw"));
  EXPECT_EQ(held_bytes(batch), before + kRows * sizeof(View));
}

}  // namespace
}  // namespace levada::agent

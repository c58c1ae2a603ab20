#include "levada/testkit/arrow_check.h"

#include <gtest/gtest.h>

#include <functional>

#include "levada/testkit/batches.h"
#include "levada/testkit/shared_batch.h"

namespace levada::testkit {
namespace {

Batch wide() {
  auto batch = batch_of({"short", "a body that is longer than twelve bytes", "x"});
  batch.set(text_column("name", {std::nullopt, "M\xC3\xBCller", "z"}));
  batch.set(value_column<int64_t>("count", Type::int64, {1, std::nullopt, 3}));
  batch.set(boolean_column("good", {true, false, std::nullopt}));
  batch.set(repeat("host", "h1", 3));
  return batch;
}

// What is wrong with the wide batch once `damage` has been at it.
std::string fault_after(const std::function<void(levada_batch&)>& damage) {
  Ledger ledger;
  levada_batch batch = detail::empty_batch();
  SharedBatch::of(wide()).lend(batch, ledger);
  damage(batch);
  const auto fault = fault_of(batch);
  detail::release(batch);
  EXPECT_EQ(ledger.outstanding(), 0);
  return fault;
}

TEST(ArrowCheck, finds_nothing_wrong_with_the_batches_of_the_sdk) {
  EXPECT_EQ(fault_after([](levada_batch&) {}), "");
  EXPECT_EQ(fault_of(SharedBatch::of(wide()).sliced(1, 2).get()), "");
  EXPECT_EQ(fault_of(SharedBatch::of(wide()).sliced_in_columns(1, 2).get()), "");
  EXPECT_EQ(fault_of(SharedBatch::of(batch_of({})).get()), "");
}

TEST(ArrowCheck, names_what_is_wrong) {
  const auto column = [](levada_batch& batch, int at) -> ArrowArray& { return *batch.rows.children[at]; };
  EXPECT_EQ(fault_after([&](auto& b) { column(b, 0).length = 2; }), "column body has fewer rows than its batch");
  EXPECT_EQ(fault_after([&](auto& b) { column(b, 2).null_count = 0; }), "column count says it has 0 nulls and has 1");
  EXPECT_EQ(fault_after([&](auto& b) { b.schema.children[1]->name = "body"; }), "two columns are called body");
  EXPECT_EQ(fault_after([&](auto& b) { b.schema.children[2]->format = "?"; }),
            "column count has the format \"?\", which Arrow does not have");
  EXPECT_EQ(fault_after([&](auto& b) { b.schema.children[2]->format = "u"; }), "column count has 2 buffers, not 3");
  EXPECT_EQ(fault_after([&](auto& b) { b.rows.n_buffers = 0; }), "the batch must have one buffer and no nulls");
  int64_t small[] = {20};
  const void* buffers[] = {nullptr, nullptr, nullptr, small};
  EXPECT_EQ(fault_after([&](auto& b) {
              auto& body = column(b, 0);
              buffers[1] = body.buffers[1];
              buffers[2] = body.buffers[2];
              body.buffers = buffers;
            }),
            "column body has a view beyond its buffer in row 1");
}

TEST(ArrowCheck, tells_text_from_bytes) {
  auto batch = batch_of({"\xFF"});
  EXPECT_EQ(fault_of(SharedBatch::of(batch).get()), "");
  batch.set(text_column("name", {"\xED\xA0\x80"}));
  EXPECT_EQ(fault_of(SharedBatch::of(batch).get()), "column name has text that is not UTF-8 in row 0");
}

TEST(ArrowCheck, shows_rows_as_text) {
  const auto rows = rows_of(SharedBatch::of(wide()).sliced(1, 1).get());
  EXPECT_EQ(rows,
            std::vector<std::string>{
                "body=a body that is longer than twelve bytes name=M\xC3\xBCller count=<null> good=false host=h1"});
}

}  // namespace
}  // namespace levada::testkit

// Rejected rows of batches that do not look alike come out as one batch.
#include "rejected_rows.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"

namespace levada::kafka_sink {
namespace {

using testkit::batch_of;
using testkit::texts;
using Strings = std::vector<std::string>;

TEST(RejectedRows, have_nulls_where_their_batch_had_no_such_column) {
  RejectedRows rows;
  Batch first = batch_of({"a", "b"});
  first.set(testkit::value_column<int64_t>("offset", Type::int64, {1, 2}));
  Batch second = batch_of({"c"});
  second.set(repeat("file", "x.log", 1));
  const Rejection of_first{1, "bad b", ""}, of_second{0, "bad c", ""};
  rows.add(first, {&of_first, 1});
  rows.add(second, {&of_second, 1});
  const Batch all = rows.take();
  EXPECT_EQ(texts(all, "body"), (Strings{"b", "c"}));
  EXPECT_EQ(texts(all, "offset"), (Strings{"2", "<null>"}));
  EXPECT_EQ(texts(all, "file"), (Strings{"<null>", "x.log"}));
  EXPECT_EQ(texts(all, "reason"), (Strings{"bad b", "bad c"}));
  EXPECT_EQ(rows.take().rows(), 0);
}

TEST(RejectedRows, a_column_of_different_types_becomes_text) {
  RejectedRows rows;
  Batch first = batch_of({"a"});
  first.set(testkit::value_column<int64_t>("n", Type::int64, {1}));
  Batch second = batch_of({"b"});
  second.set(testkit::boolean_column("n", {true}));
  const Rejection rejection{0, "bad", ""};
  rows.add(first, {&rejection, 1});
  rows.add(second, {&rejection, 1});
  const Batch all = rows.take();
  EXPECT_EQ(texts(all, "n"), (Strings{"1", "true"}));
  EXPECT_EQ(all.find("n")->type(), Type::text);
}

}  // namespace
}  // namespace levada::kafka_sink

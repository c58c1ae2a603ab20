// How rows go into requests.
#include "pending_rows.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/fake_host.h"

namespace levada::webhook {
namespace {

using testkit::text_column;
using testkit::texts;
using Texts = std::vector<std::string>;

class PendingRowsTest : public testing::Test {
 protected:
  static Batch batch(int64_t count, const std::string& stream, uint64_t sequence) {
    std::vector<std::optional<std::string>> names;
    for (int64_t row = 0; row < count; ++row) names.push_back(std::to_string(sequence + static_cast<uint64_t>(row)));
    auto batch = testkit::batch_of(Texts(static_cast<size_t>(count), "event"));
    batch.set(text_column("n", names));
    batch.stream = stream;
    batch.sequence = sequence;
    return batch;
  }
  void add(int64_t count, const std::string& stream, uint64_t sequence) {
    rows_.add(batch(count, stream, sequence), {});
  }
  std::vector<size_t> cuts(RequestLimits limits) const {
    std::vector<size_t> sizes;
    for (size_t row = 0; row < rows_.rows(); row += sizes.back()) sizes.push_back(rows_.next(row, limits).rows);
    return sizes;
  }

  testkit::FakeHost host_;
  PendingRows rows_;
};

TEST_F(PendingRowsTest, rows_are_objects_of_all_columns_but_the_body_or_of_those_that_are_named) {
  add(2, "s", 7);
  EXPECT_EQ(rows_.text(0), "{\"n\":\"7\"}");
  EXPECT_EQ(rows_.text(1), "{\"n\":\"8\"}");
  rows_.add(batch(1, "s", 9), {"body", "n", "none"});
  EXPECT_EQ(rows_.text(2), "{\"body\":\"event\",\"n\":\"9\"}");
  rows_.clear();
  EXPECT_EQ(rows_.rows(), 0u);
}

TEST_F(PendingRowsTest, requests_are_cut_at_multiples_of_the_limit) {
  add(5, "s", 8);
  add(3, "s", 13);
  add(20, "s", 16);
  EXPECT_EQ(cuts({10, 1 << 20}), (std::vector<size_t>{2, 10, 10, 6}));
  EXPECT_EQ(cuts({1, 1 << 20}), std::vector<size_t>(28, 1));
}

TEST_F(PendingRowsTest, requests_have_rows_of_one_stream_and_so_many_bytes) {
  add(2, "a", 0);
  add(2, "b", 0);
  add(3, "", 0);
  EXPECT_EQ(cuts({100, 1 << 20}), (std::vector<size_t>{2, 2, 3}));
  EXPECT_EQ(cuts({100, 18}), (std::vector<size_t>{2, 2, 2, 1}));
  EXPECT_EQ(cuts({100, 1}), std::vector<size_t>(7, 1));
}

// The name does not depend on where batches were cut; what has no stream is told by its commit.
TEST_F(PendingRowsTest, requests_are_named_by_the_numbers_of_their_rows) {
  add(4, "s", 10);
  add(4, "", 0);
  const auto name = rows_.name_of({2, 2}, 1);
  EXPECT_EQ(rows_.name_of({2, 2}, 2), name);
  EXPECT_NE(rows_.name_of({1, 2}, 1), name);
  EXPECT_NE(rows_.name_of({4, 2}, 1), rows_.name_of({4, 2}, 2));
  PendingRows others;
  others.add(batch(1, "s", 11), {});
  others.add(batch(2, "s", 12), {});
  EXPECT_EQ(others.name_of({1, 2}, 9), name);
  PendingRows elsewhere;
  elsewhere.add(batch(4, "t", 10), {});
  EXPECT_NE(elsewhere.name_of({2, 2}, 1), name);
}

TEST_F(PendingRowsTest, rejected_rows_come_batch_by_batch_with_their_reasons) {
  add(3, "s", 0);
  add(3, "s", 3);
  rows_.reject({1, 3}, "no");
  rows_.reject({5, 1}, "never");
  Batch rejected;
  ASSERT_TRUE(rows_.hand_over(rejected));
  EXPECT_EQ(texts(rejected, "n"), (Texts{"1", "2"}));
  EXPECT_EQ(texts(rejected, "reason"), (Texts{"no", "no"}));
  ASSERT_TRUE(rows_.hand_over(rejected));
  EXPECT_EQ(texts(rejected, "n"), (Texts{"3", "5"}));
  EXPECT_EQ(texts(rejected, "reason"), (Texts{"no", "never"}));
  EXPECT_FALSE(rows_.hand_over(rejected));
}

}  // namespace
}  // namespace levada::webhook

// Which dead letters are given again, and which leave the disk. `levada replay`
// as a whole is in tests/faults.
#include "agent/pipeline/dead_letter_source.h"

#include <gtest/gtest.h>

#include "agent/pipeline/test_bench.h"

namespace levada::agent {
namespace {

using testing::TestBench;
using Texts = std::vector<std::string>;

constexpr uint64_t kAll = 1000;

class DeadLetterSourceTest : public ::testing::Test {
 protected:
  // Letters of a run of their own, each in a batch of its own.
  void keep(const std::string& component, const std::vector<std::pair<std::string, bool>>& bodies) {
    DeadLetters letters(bench_.services, "/dead");
    for (const auto& [body, is_cut] : bodies) {
      Batch batch = testkit::batch_of({body});
      batch.set(testkit::text_column("reason", {"because of " + body}));
      batch.set(testkit::boolean_column("cut", {is_cut ? std::optional(true) : std::nullopt}));
      letters.add({"sources.in", "in", "-", ++end_}, {component, std::move(batch), {}});
      ASSERT_TRUE(letters.sync());
    }
  }
  int64_t count(const DeadLetterFilter& filter, const std::vector<DeadLetterFilter>& done = {}) {
    const auto counts = count_dead_letters(Files(bench_.files.table()), "/dead", filter, done);
    EXPECT_TRUE(counts);
    int64_t all = 0;
    for (const auto& each : *counts) all += each.letters;
    return all;
  }

  TestBench bench_;
  uint64_t end_ = 0;
};

TEST_F(DeadLetterSourceTest, leaves_rows_out_that_were_cut_unless_asked_for_them) {
  keep("sources.in", {{"whole", false}, {"cut", true}});
  EXPECT_EQ(count({kAll, "", "", false}), 1);
  EXPECT_EQ(count({kAll, "", "", true}), 2);
  // A job that left them out did not give them.
  EXPECT_EQ(count({kAll, "", "", true}, {{kAll, "", "", false}}), 1);
}

TEST_F(DeadLetterSourceTest, knows_that_elsewhere_cut_is_a_column_of_the_row) {
  keep("interceptors.clean", {{"a", true}});
  EXPECT_EQ(count({kAll, "", "", false}), 1);
  EXPECT_EQ(bench_.letters("row_cut"), (Texts{"true"}));
}

TEST_F(DeadLetterSourceTest, has_filters_that_are_read_back_as_they_were_written) {
  for (const bool includes_cut : {false, true}) {
    const DeadLetterFilter filter{7, "interceptors.a", "tab\there", includes_cut};
    const auto read = DeadLetterFilter::parse(filter.text());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->text(), filter.text());
    EXPECT_EQ(read->includes_cut, includes_cut);
  }
  EXPECT_FALSE(DeadLetterFilter::parse("7\ta"));
}

TEST_F(DeadLetterSourceTest, removes_letters_that_nobody_needs_from_the_disk) {
  keep("interceptors.a", {{"1", false}, {"2", false}});
  keep("interceptors.b", {{"3", false}});
  ASSERT_TRUE(trim_dead_letters(bench_.services, "/dead", {{kAll, "interceptors.b", "", true}}));
  EXPECT_EQ(bench_.letters("body"), (Texts{"1", "2", "3"}));
  ASSERT_TRUE(trim_dead_letters(bench_.services, "/dead", {{kAll, "interceptors.a", "", true}}));
  EXPECT_EQ(bench_.letters("body"), (Texts{"3"}));
  ASSERT_TRUE(trim_dead_letters(bench_.services, "/dead", {{kAll, "", "", true}}));
  EXPECT_EQ(bench_.letters("body"), Texts());
  // What is known of the streams stays, and so do the numbers.
  DeadLetters restarted(bench_.services, "/dead");
  ASSERT_TRUE(restarted.open());
  EXPECT_EQ(restarted.marks("in"), (std::vector<uint64_t>{2, 3}));
  EXPECT_EQ(*end_of_dead_letters(Files(bench_.files.table()), "/dead"), 3u);
  ASSERT_TRUE(trim_dead_letters(bench_.services, "/dead", {{kAll, "", "", true}}));
  EXPECT_EQ(bench_.letters("body"), Texts());
}

TEST_F(DeadLetterSourceTest, has_nothing_to_remove_where_there_are_no_letters) {
  ASSERT_TRUE(trim_dead_letters(bench_.services, "/dead", {{kAll, "", "", true}}));
  EXPECT_FALSE(bench_.files.exists("/dead"));
}

}  // namespace
}  // namespace levada::agent

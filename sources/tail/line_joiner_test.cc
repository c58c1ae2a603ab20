// Lines that belong together.
#include "line_joiner.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/fake_host.h"

namespace levada::tail {
namespace {

using testkit::batch_of;
using testkit::texts;
using Texts = std::vector<std::string>;

class LineJoinerTest : public testing::Test {
 protected:
  LineJoiner::Joined join(const Batch& lines, bool complete = true, size_t row_bytes = 1000) {
    const auto joiner = LineJoiner::make(R"(^\d+ )", row_bytes);
    EXPECT_TRUE(joiner) << joiner.error().message;
    return joiner->join(lines, complete);
  }
  testkit::FakeHost host_;
};

TEST_F(LineJoinerTest, lines_go_on_with_the_one_before) {
  auto lines = batch_of({"  at x", "1 a", "  at y", "", "2 b"});
  lines.set(testkit::value_column<int64_t>("offset", Type::int64, {0, 10, 20, 30, 40}));
  const auto joined = join(lines);
  EXPECT_EQ(texts(joined.rows, "body"), (Texts{"  at x", "1 a\n  at y\n", "2 b"}));
  EXPECT_EQ(texts(joined.rows, "offset"), (Texts{"0", "10", "40"}));
  EXPECT_FALSE(joined.open_line);
}

TEST_F(LineJoinerTest, the_last_row_is_open_while_lines_may_come) {
  auto joined = join(batch_of({"1 a", "2 b", "  at y"}), false);
  EXPECT_EQ(texts(joined.rows, "body"), Texts{"1 a"});
  EXPECT_EQ(joined.open_line, 1);
  joined = join(batch_of({"1 a"}), false);
  EXPECT_EQ(joined.rows.rows(), 0);
  EXPECT_EQ(joined.open_line, 0);
}

TEST_F(LineJoinerTest, a_row_has_so_many_bytes_and_rejected_lines_stand_alone) {
  EXPECT_EQ(texts(join(batch_of({"1 aaaa", "bbbb", "cccc"}), true, 12).rows, "body"), (Texts{"1 aaaa\nbbbb", "cccc"}));
  auto lines = batch_of({"1 a", "too long", "  at y"});
  lines.set(testkit::text_column("reason", {std::nullopt, "is too long", std::nullopt}));
  auto joined = join(lines, false);
  EXPECT_EQ(texts(joined.rows, "body"), (Texts{"1 a", "too long"}));
  EXPECT_EQ(texts(joined.rows, "reason"), (Texts{"<null>", "is too long"}));
  EXPECT_EQ(joined.open_line, 2);
}

TEST_F(LineJoinerTest, a_pattern_that_is_none_is_refused) { EXPECT_FALSE(LineJoiner::make("(", 10)); }

}  // namespace
}  // namespace levada::tail

// The interceptor `drop_columns`.
#include "drop_columns.h"

#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::drop_columns {
namespace {

using testkit::FakeHost;
using Texts = std::vector<std::string>;

// The columns that are left of body, debug, tmp_a, tmp_b and url, in their order.
Texts left(const DropColumns::Settings& settings) {
  FakeHost host;
  auto made = DropColumns::create(settings, host.host());
  EXPECT_TRUE(made.ok()) << made.error().message;
  auto batch = testkit::batch_of({"1", "2"});
  for (const auto* name : {"debug", "tmp_a", "tmp_b", "url"}) batch.set(testkit::text_column(name, {"x", {}}));
  EXPECT_TRUE((*made)->intercept(batch).ok());
  EXPECT_EQ(batch.rows(), 2);
  Texts names;
  for (const auto& column : batch.columns()) names.push_back(column.name());
  return names;
}

TEST(DropColumns, removes_the_columns_that_are_named) {
  EXPECT_EQ(left({.columns = {"debug", "not there"}}), (Texts{"body", "tmp_a", "tmp_b", "url"}));
}

TEST(DropColumns, removes_the_columns_that_a_pattern_names) {
  EXPECT_EQ(left({.columns = {"tmp_*", "u?l"}}), (Texts{"body", "debug"}));
  EXPECT_EQ(left({.columns = {"tmp_[b-z]"}}), (Texts{"body", "debug", "tmp_a", "url"}));
}

TEST(DropColumns, keeps_only_the_columns_that_are_named) {
  EXPECT_EQ(left({.keep = {"url", "tmp_*"}}), (Texts{"tmp_a", "tmp_b", "url"}));
  EXPECT_EQ(left({.keep = {"nothing"}}), Texts{});
}

TEST(DropColumns, leaves_the_rows_and_the_position_where_no_column_is_left) {
  FakeHost host;
  auto batch = testkit::batch_of({"1", "2", "3"});
  batch.position = "9";
  ASSERT_TRUE((*DropColumns::create({.columns = {"*"}}, host.host()))->intercept(batch).ok());
  EXPECT_TRUE(batch.columns().empty());
  EXPECT_EQ(batch.rows(), 3);
  EXPECT_EQ(batch.position, "9");
}

TEST(DropColumns, refuses_both_lists_and_none) {
  FakeHost host;
  EXPECT_EQ(DropColumns::create({}, host.host()).error().message,
            "set `columns`, what to remove, or `keep`, what to leave");
  EXPECT_EQ(DropColumns::create({.columns = {"a"}, .keep = {"b"}}, host.host()).error().message,
            "`columns` and `keep` exclude each other: set one of them");
}

LEVADA_CONFORMANCE(drop_columns, [] {
  auto tested = testkit::subject("drop_columns", "columns = [\"debug\", \"b*\"]");
  tested.bodies = {"a", "", "a body that is longer than twelve bytes"};
  tested.refused = {{"", "columns"}, {"columns = [\"a\"]\nkeep = [\"b\"]", "columns"}};
  return tested;
});

}  // namespace
}  // namespace levada::drop_columns

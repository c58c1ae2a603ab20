// The interceptor `filter`: its settings, and what becomes of the rows. Conditions: condition_test.cc.
#include "filter.h"

#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::filter {
namespace {

using testkit::batch_of;
using testkit::FakeHost;
using testkit::texts;

std::unique_ptr<Filter> make(const Filter::Settings& settings, FakeHost& host) {
  auto made = Filter::create(settings, host.host());
  EXPECT_TRUE(made.ok()) << made.error().message;
  return *std::move(made);
}

std::vector<std::string> kept(const Filter::Settings& settings, Batch batch) {
  FakeHost host;
  EXPECT_TRUE(make(settings, host)->intercept(batch).ok());
  return texts(batch, "body");
}

Batch lines() {
  auto batch = batch_of({"GET /a 200", "GET /b 404", "POST /a 500"});
  batch.set(testkit::value_column<int64_t>("status", Type::int64, {200, 404, 500}));
  return batch;
}

using Bodies = std::vector<std::string>;

TEST(Filter, keeps_the_rows_that_meet_the_condition) {
  EXPECT_EQ(kept({.where = "status >= 404"}, lines()), (Bodies{"GET /b 404", "POST /a 500"}));
}

TEST(Filter, keeps_the_rows_whose_body_matches_the_pattern) {
  EXPECT_EQ(kept({.pattern = "^GET .* [45]\\d\\d$"}, lines()), Bodies{"GET /b 404"});
}

TEST(Filter, asks_for_both_where_both_are_set) {
  EXPECT_EQ(kept({.where = "status >= 404", .pattern = "/a"}, lines()), Bodies{"POST /a 500"});
}

TEST(Filter, keeps_the_others_when_inverted) {
  EXPECT_EQ(kept({.where = "status >= 404", .pattern = "/a", .invert = true}, lines()),
            (Bodies{"GET /a 200", "GET /b 404"}));
}

TEST(Filter, keeps_all_columns_of_a_row_together_and_the_position_of_the_batch) {
  FakeHost host;
  auto batch = lines();
  batch.position = "17";
  ASSERT_TRUE(make({.where = "status != 404"}, host)->intercept(batch).ok());
  EXPECT_EQ(texts(batch, "status"), (std::vector<std::string>{"200", "500"}));
  EXPECT_EQ(texts(batch, "body"), (Bodies{"GET /a 200", "POST /a 500"}));
  EXPECT_EQ(batch.position, "17");
}

TEST(Filter, leaves_an_empty_batch_where_no_row_is_kept) {
  FakeHost host;
  auto batch = lines();
  ASSERT_TRUE(make({.where = "status > 1000"}, host)->intercept(batch).ok());
  EXPECT_EQ(batch.rows(), 0);
  EXPECT_EQ(batch.columns().size(), 2u);
}

TEST(Filter, counts_what_it_drops) {
  FakeHost host;
  auto batch = lines();
  ASSERT_TRUE(make({.where = "status >= 404"}, host)->intercept(batch).ok());
  EXPECT_EQ(host.count("rows_filtered"), 1);
  EXPECT_TRUE(batch.rejections().empty());
}

TEST(Filter, rejects_the_others_with_the_reason_where_asked_to) {
  FakeHost host;
  auto batch = lines();
  ASSERT_TRUE(make({.where = "status < 500", .pattern = "GET", .on_no_match = Filter::Others::reject}, host)
                  ->intercept(batch)
                  .ok());
  EXPECT_EQ(texts(batch, "body"), (Bodies{"GET /a 200", "GET /b 404"}));
  ASSERT_EQ(batch.rejections().size(), 1u);
  EXPECT_EQ(batch.rejections()[0].row, 2);
  EXPECT_EQ(batch.rejections()[0].reason, "does not meet: status < 500 and body matches 'GET'");
  EXPECT_EQ(host.count("rows_filtered"), 0);
}

TEST(Filter, warns_once_about_a_column_that_is_not_there) {
  FakeHost host;
  const auto filter = make({.where = "stauts > 1"}, host);
  for (int round = 0; round < 3; ++round) {
    auto batch = lines();
    ASSERT_TRUE(filter->intercept(batch).ok());
    EXPECT_EQ(batch.rows(), 0);
  }
  EXPECT_EQ(host.log(),
            std::vector<std::string>{"WARNING there is no column \"stauts\": what is asked of it is not met"});
}

TEST(Filter, refuses_settings_that_say_nothing_or_nonsense) {
  FakeHost host;
  const auto refusal = [&](const Filter::Settings& settings) {
    const auto made = Filter::create(settings, host.host());
    return made.ok() ? "taken" : made.error().option + ": " + made.error().message;
  };
  EXPECT_EQ(refusal({}), "where: set `where`, `pattern` or both: nothing says which rows to keep");
  EXPECT_EQ(refusal({.where = "status >"}), "where: at character 9: expected a number or a 'text', got the end");
  EXPECT_EQ(refusal({.pattern = "a["}), "pattern: \"a[\" is no regular expression: missing ]: [");
}

LEVADA_CONFORMANCE(filter, [] {
  auto tested =
      testkit::subject("filter", "where = \"body starts_with 'G' and not status == 404\"\non_no_match = \"reject\"");
  tested.bodies = {"GET /", "", "POST /a/rather/long/path", "GET /another/long/path"};
  tested.inputs = {testkit::SharedBatch::of(lines())};
  tested.refused = {{"", "where"}, {"where = \"a =\"", "where"}, {"pattern = \"(\"", "pattern"}};
  return tested;
});

}  // namespace
}  // namespace levada::filter

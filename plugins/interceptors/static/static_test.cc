// The interceptor `static`: added columns, values that are there already, and what create refuses.
#include "static.h"

#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::static_columns {
namespace {

using testkit::batch_of;
using testkit::FakeHost;
using testkit::text_column;
using testkit::texts;
using Texts = std::vector<std::string>;

std::unique_ptr<Static> make(const Static::Settings& settings, FakeHost& host) {
  auto made = Static::create(settings, host.host());
  EXPECT_TRUE(made.ok()) << made.error().message;
  return *std::move(made);
}

TEST(Static, adds_columns_to_each_row) {
  FakeHost host;
  auto batch = batch_of({"a", "b"});
  ASSERT_TRUE(make({.columns = {{"dc", "eu1"}, {"team", "a team with a long name"}}}, host)->intercept(batch).ok());
  EXPECT_EQ(texts(batch, "body"), (Texts{"a", "b"}));
  EXPECT_EQ(texts(batch, "dc"), (Texts{"eu1", "eu1"}));
  EXPECT_EQ(texts(batch, "team"), (Texts{"a team with a long name", "a team with a long name"}));
}

TEST(Static, serves_batches_of_any_size_one_after_the_other) {
  FakeHost host;
  const auto interceptor = make({.columns = {{"dc", "eu1"}}}, host);
  for (const int64_t rows : {3, 3, 0, 5, 3}) {
    auto batch = batch_of(Texts(static_cast<size_t>(rows), "x"));
    ASSERT_TRUE(interceptor->intercept(batch).ok());
    EXPECT_EQ(texts(batch, "dc"), Texts(static_cast<size_t>(rows), "eu1"));
  }
}

TEST(Static, fills_nulls_and_leaves_values_that_are_there) {
  FakeHost host;
  const auto interceptor = make({.columns = {{"dc", "eu1"}}}, host);
  for (const auto type : {Type::text, Type::bytes}) {
    auto batch = batch_of({"a", "b", "c"});
    batch.set(text_column("dc", {"us1", {}, "a data centre far away"}, type));
    ASSERT_TRUE(interceptor->intercept(batch).ok());
    EXPECT_EQ(texts(batch, "dc"), (Texts{"us1", "eu1", "a data centre far away"}));
    EXPECT_EQ(batch.find("dc")->type(), type);
  }
}

TEST(Static, fills_nulls_of_a_dictionary) {
  FakeHost host;
  ValueBuilder<int32_t> indices;
  indices.append(1);
  indices.append_null();
  auto batch = batch_of({"a", "b"});
  batch.set(std::move(indices).finish("dc", text_column("", {"us1", "us2"})));
  ASSERT_TRUE(make({.columns = {{"dc", "eu1"}}}, host)->intercept(batch).ok());
  EXPECT_EQ(texts(batch, "dc"), (Texts{"us2", "eu1"}));
}

TEST(Static, leaves_a_column_of_another_type_as_it_is) {
  FakeHost host;
  auto batch = batch_of({"a", "b"});
  batch.set(testkit::value_column<int64_t>("dc", Type::int64, {7, {}}));
  ASSERT_TRUE(make({.columns = {{"dc", "eu1"}}}, host)->intercept(batch).ok());
  EXPECT_EQ(texts(batch, "dc"), (Texts{"7", "<null>"}));
}

TEST(Static, overwrites_where_asked_to) {
  FakeHost host;
  auto batch = batch_of({"a", "b"});
  batch.set(testkit::value_column<int64_t>("dc", Type::int64, {7, {}}));
  ASSERT_TRUE(make({.columns = {{"dc", "eu1"}}, .overwrite = true}, host)->intercept(batch).ok());
  EXPECT_EQ(texts(batch, "dc"), (Texts{"eu1", "eu1"}));
}

TEST(Static, refuses_to_add_nothing) {
  FakeHost host;
  EXPECT_EQ(Static::create({}, host.host()).error().option, "columns");
  EXPECT_EQ(Static::create({.columns = {{"", "x"}}}, host.host()).error().message, "a column needs a name");
}

LEVADA_CONFORMANCE(static_columns, [] {
  auto tested = testkit::subject("static", "columns = { dc = \"eu1\", body = \"never seen, as there is one\" }");
  tested.bodies = {"a", "", "a body that is longer than twelve bytes"};
  tested.refused = {{"columns = {}", "columns"}};
  return tested;
});

}  // namespace
}  // namespace levada::static_columns

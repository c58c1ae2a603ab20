// The interceptor `rename`.
#include "rename.h"

#include <gtest/gtest.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::rename {
namespace {

using testkit::FakeHost;
using testkit::texts;
using Texts = std::vector<std::string>;

Batch letters(const Texts& names) {
  Batch batch(1);
  for (const auto& name : names) batch.set(testkit::text_column(name, {name}));
  return batch;
}

// Each column after the rename, as "name=value".
Texts renamed(const std::vector<std::pair<std::string, std::string>>& columns, const Texts& names, FakeHost& host) {
  auto made = Rename::create({.columns = columns}, host.host());
  EXPECT_TRUE(made.ok()) << made.error().message;
  auto batch = letters(names);
  EXPECT_TRUE((*made)->intercept(batch).ok());
  Texts all;
  for (const auto& column : batch.columns()) all.push_back(column.name() + "=" + texts(batch, column.name()).at(0));
  return all;
}

TEST(Rename, gives_columns_their_new_names_in_their_old_places) {
  FakeHost host;
  EXPECT_EQ(renamed({{"b", "z"}}, {"a", "b", "c"}, host), (Texts{"a=a", "z=b", "c=c"}));
}

TEST(Rename, lets_columns_change_their_names_for_each_others) {
  FakeHost host;
  EXPECT_EQ(renamed({{"a", "b"}, {"b", "a"}}, {"a", "b"}, host), (Texts{"b=a", "a=b"}));
  EXPECT_EQ(renamed({{"a", "b"}, {"b", "c"}, {"c", "a"}}, {"a", "b", "c"}, host), (Texts{"b=a", "c=b", "a=c"}));
}

TEST(Rename, puts_a_column_in_place_of_the_one_whose_name_it_gets) {
  FakeHost host;
  EXPECT_EQ(renamed({{"a", "c"}}, {"a", "b", "c"}, host), (Texts{"c=a", "b=b"}));
  EXPECT_EQ(renamed({{"c", "a"}}, {"a", "b", "c"}, host), (Texts{"b=b", "a=c"}));
}

TEST(Rename, counts_columns_that_are_missing_and_leaves_what_would_have_got_their_place) {
  FakeHost host;
  EXPECT_EQ(renamed({{"x", "a"}, {"b", "z"}}, {"a", "b"}, host), (Texts{"a=a", "z=b"}));
  EXPECT_EQ(renamed({{"x", "a"}}, {"a"}, host), Texts{"a=a"});
  EXPECT_EQ(host.count("columns_missing"), 2);
}

TEST(Rename, refuses_to_give_one_name_to_two_columns_or_none) {
  FakeHost host;
  const auto twice = Rename::create({.columns = {{"a", "c"}, {"b", "c"}}}, host.host());
  EXPECT_EQ(twice.error().option, "columns.b");
  EXPECT_EQ(twice.error().message, "another column gets the name \"c\" already");
  EXPECT_EQ(Rename::create({.columns = {{"a", ""}}}, host.host()).error().option, "columns.a");
  EXPECT_EQ(Rename::create({}, host.host()).error().option, "columns");
}

LEVADA_CONFORMANCE(rename, [] {
  auto tested = testkit::subject("rename", "columns = { body = \"raw\", a = \"b\", b = \"a\" }");
  tested.bodies = {"a", "", "a body that is longer than twelve bytes"};
  tested.inputs = {testkit::SharedBatch::of(letters({"a", "b", "c"}))};
  tested.refused = {{"columns = { a = \"\" }", "columns.a"}, {"columns = {}", "columns"}};
  return tested;
});

}  // namespace
}  // namespace levada::rename

// The interceptor to_json: which columns, in which form, over how many buffers.
#include "to_json.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"

namespace levada::to_json {
namespace {

using testkit::FakeHost;
using testkit::text_column;
using testkit::texts;
using testkit::value_column;
using Texts = std::vector<std::string>;

Texts bodies(Batch& batch, FakeHost& host, ToJson::Settings settings) {
  auto made = ToJson::create(std::move(settings), host.host());
  EXPECT_TRUE(made.ok());
  EXPECT_TRUE((*made)->intercept(batch).ok());
  return texts(batch, "body");
}

Batch sample() {
  auto batch = testkit::batch_of({"raw one", "raw two"});
  batch.set(text_column("ip", {"10.0.0.1", std::nullopt}));
  batch.set(value_column<int64_t>("bytes", Type::int64, {{7}, {8}}));
  batch.set(value_column<int64_t>("at", Type::timestamp, {{0}, {1'500'000}}));
  batch.set(text_column("geo", {R"({"lat":1.5})", "[]"}));
  return batch;
}

TEST(ToJson, writes_all_columns_but_the_body) {
  FakeHost host;
  auto batch = sample();
  EXPECT_EQ(bodies(batch, host, {.exclude = {"body"}}),
            (Texts{R"({"ip":"10.0.0.1","bytes":7,"at":"1970-01-01T00:00:00.000000Z","geo":"{\"lat\":1.5}"})",
                   R"({"bytes":8,"at":"1970-01-01T00:00:01.500000Z","geo":"[]"})"}));
  EXPECT_EQ(batch.find("body")->type(), Type::bytes);
  EXPECT_EQ(texts(batch, "ip"), (Texts{"10.0.0.1", "<null>"}));
}

TEST(ToJson, writes_the_named_columns_in_their_order) {
  FakeHost host;
  auto batch = sample();
  EXPECT_EQ(
      bodies(batch, host, {.columns = {"geo", "missing", "ip", "body"}, .raw = {"geo"}, .nulls = ToJson::Nulls::write}),
      (Texts{R"({"geo":{"lat":1.5},"ip":"10.0.0.1","body":"raw one"})", R"({"geo":[],"ip":null,"body":"raw two"})"}));
}

TEST(ToJson, writes_times_as_numbers_where_asked_to) {
  FakeHost host;
  auto batch = sample();
  EXPECT_EQ(bodies(batch, host, {.columns = {"at"}, .timestamps = JsonStyle::Time::milliseconds}),
            (Texts{R"({"at":0})", R"({"at":1500})"}));
}

TEST(ToJson, makes_a_body_where_there_was_none) {
  FakeHost host;
  Batch batch(1);
  batch.set(text_column("a", {"x"}));
  EXPECT_EQ(bodies(batch, host, {}), Texts{R"({"a":"x"})"});
}

TEST(ToJson, counts_what_json_cannot_hold) {
  FakeHost host;
  Batch batch(1);
  batch.set(text_column("b", {"\xff"}, Type::bytes));
  EXPECT_EQ(bodies(batch, host, {}), Texts{"{\"b\":\"\xef\xbf\xbd\"}"});
  EXPECT_EQ(host.count("values_replaced"), 1);
}

TEST(ToJson, spreads_many_rows_over_buffers_that_views_can_reach) {
  FakeHost host;
  constexpr int64_t kRows = 3000;
  TextBuilder builder;
  for (int64_t row = 0; row < kRows; ++row) builder.append(std::string(static_cast<size_t>(row), row % 2 ? 'x' : '\n'));
  Batch batch(kRows);
  batch.set(std::move(builder).finish("text", Type::text));
  const auto all = bodies(batch, host, {});
  simdjson::dom::parser parser;
  for (size_t row = 0; row < all.size(); ++row) {
    std::string_view text;
    ASSERT_EQ(parser.parse(all[row])["text"].get(text), simdjson::SUCCESS);
    ASSERT_EQ(text.size(), row);
  }
  EXPECT_GT(batch.body()->array().n_buffers, 4);
}

TEST(ToJson, leaves_an_empty_batch_empty) {
  FakeHost host;
  Batch batch(0);
  EXPECT_EQ(bodies(batch, host, {}), Texts{});
}

TEST(ToJson, refuses_a_column_named_twice) {
  FakeHost host;
  const auto made = ToJson::create({.columns = {"a", "b", "a"}}, host.host());
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().option, "columns");
  EXPECT_EQ(made.error().message, "\"a\" stands here twice, and an object has each key once");
}

LEVADA_CONFORMANCE(to_json, [] {
  auto tested = testkit::subject("to_json", "exclude = []\nnulls = \"write\"");
  tested.bodies = {"a", "", "a body that is longer than twelve bytes", "\"quoted\"\n", "\xff"};
  tested.inputs = {testkit::SharedBatch::of(sample())};
  tested.refused = {{R"(columns = ["a", "a"])", "columns"}};
  return tested;
});

}  // namespace
}  // namespace levada::to_json

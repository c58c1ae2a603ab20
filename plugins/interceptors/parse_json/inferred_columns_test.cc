// Inferred columns: their types, and what never becomes one.
#include "inferred_columns.h"

#include <gtest/gtest.h>

#include "parse_json_testing.h"

namespace levada::parse_json {
namespace {

using parse_json_testing::made;
using parse_json_testing::parsed;
using testkit::batch_of;
using testkit::FakeHost;
using testkit::texts;
using Texts = std::vector<std::string>;

constexpr const char* kInfer = "infer = true";

TEST(InferredColumns, have_types_that_fit_the_values_of_the_batch) {
  const auto outcome = parsed(batch_of({R"({"text":"a","whole":1,"real":1,"flag":true,"mixed":1,"none":null})",
                                        R"({"mixed":"x\ny","real":2.5,"whole":-2,"text":"b\u00e9"})",
                                        R"({"mixed":false,"real":18446744073709551615})"}),
                              kInfer);
  EXPECT_EQ(texts(outcome.batch, "text"), (Texts{"a", "b\xc3\xa9", "<null>"}));
  EXPECT_EQ(texts(outcome.batch, "whole"), (Texts{"1", "-2", "<null>"}));
  EXPECT_EQ(texts(outcome.batch, "real"), (Texts{"1", "2.5", "18446744073709551616"}));
  EXPECT_EQ(texts(outcome.batch, "flag"), (Texts{"true", "<null>", "<null>"}));
  EXPECT_EQ(texts(outcome.batch, "mixed"), (Texts{"1", "x\ny", "false"}));
  EXPECT_EQ(outcome.batch.find("whole")->type(), Type::int64);
  EXPECT_EQ(outcome.batch.find("real")->type(), Type::float64);
  EXPECT_EQ(outcome.batch.find("flag")->type(), Type::boolean);
  EXPECT_EQ(outcome.batch.find("mixed")->type(), Type::text);
  EXPECT_EQ(outcome.batch.find("none"), nullptr);
}

TEST(InferredColumns, leave_out_nested_values) {
  const auto outcome = parsed(batch_of({R"({"a":{"b":1},"c":[1],"d":2})"}), kInfer);
  EXPECT_EQ(outcome.batch.columns().size(), 2u);
  EXPECT_EQ(texts(outcome.batch, "d"), Texts{"2"});
}

TEST(InferredColumns, never_overwrite_what_the_batch_knows) {
  auto batch = batch_of({R"({"body":"evil","file":"evil","a":1})"});
  batch.set(repeat("file", "x.json", 1));
  const auto outcome = parsed(batch, kInfer);
  EXPECT_EQ(texts(outcome.batch, "file"), Texts{"x.json"});
  EXPECT_EQ(texts(outcome.batch, "body"), Texts{R"({"body":"evil","file":"evil","a":1})"});
  EXPECT_EQ(texts(outcome.batch, "a"), Texts{"1"});
}

TEST(InferredColumns, take_the_first_of_two_members_of_one_name) {
  EXPECT_EQ(texts(parsed(batch_of({R"({"a":1,"b":2,"a":"x"})", R"({"b":3})"}), kInfer).batch, "a"),
            (Texts{"1", "<null>"}));
}

TEST(InferredColumns, take_the_first_even_if_it_makes_no_column) {
  FakeHost host;
  const auto outcome = parsed(batch_of({R"({"a":null,"b":{"c":1},"a":1,"b":2,"d":[],"d":3})", R"({"a":4,"b":5})",
                                        R"({"a":null,"\u0061":6,"b":[1],"b":7,"b":8})"}),
                              kInfer, host);
  EXPECT_EQ(texts(outcome.batch, "a"), (Texts{"<null>", "4", "<null>"}));
  EXPECT_EQ(texts(outcome.batch, "b"), (Texts{"<null>", "5", "<null>"}));
  EXPECT_EQ(outcome.batch.find("d"), nullptr);
  EXPECT_EQ(host.count("values_ignored"), 0);
}

TEST(InferredColumns, hold_nothing_of_a_rejected_row) {
  const auto outcome =
      parsed(batch_of({R"({"a":1})", R"({"a":"x","b":2,})", R"({"a":3})"}), "infer = true\nvalidate = false");
  EXPECT_EQ(outcome.rejected.size(), 1u);
  EXPECT_EQ(texts(outcome.batch, "a"), (Texts{"1", "3"}));
}

TEST(InferredColumns, follow_the_rows_from_batch_to_batch) {
  FakeHost host;
  const auto interceptor = made(kInfer, host);
  ASSERT_TRUE(interceptor);
  auto first = batch_of({R"({"a":1,"b":"x"})"}), second = batch_of({R"({"b":2,"c":true})"});
  ASSERT_TRUE(interceptor->intercept(first).ok());
  ASSERT_TRUE(interceptor->intercept(second).ok());
  EXPECT_EQ(texts(second, "a"), Texts{"<missing>"});
  EXPECT_EQ(second.find("b")->type(), Type::int64);
  EXPECT_EQ(texts(second, "c"), Texts{"true"});
}

TEST(InferredColumns, are_bounded_in_number_and_ignore_keys_that_no_column_can_have) {
  FakeHost host;
  std::string row = R"({"":1,"a\u0000b":2)";
  for (size_t key = 0; key < InferredColumns::kMaxColumns + 5; ++key) row += ",\"k" + std::to_string(key) + "\":1";
  const auto outcome = parsed(batch_of({row + "}"}), kInfer, host);
  EXPECT_EQ(outcome.batch.columns().size(), InferredColumns::kMaxColumns + 1);
  EXPECT_EQ(host.count("values_ignored"), 7);
}

}  // namespace
}  // namespace levada::parse_json

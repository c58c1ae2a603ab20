// The interceptor parse_regex.
#include "parse_regex.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"

namespace levada::parse_regex {
namespace {

using testkit::batch_of;
using testkit::texts;
using Texts = std::vector<std::string>;

constexpr const char* kPattern =
    R"(pattern = '^(?P<time>\S+) (?P<level>[A-Z]+) (?:\[(?P<thread>\w+)\] )?(?P<message>.*)$')";

const levada_component& component() { return *levada_plugin_1()->components[0]; }

// "option: message" of the error that create gives; empty where it gives an instance.
std::string create(const std::string& options, testkit::FakeHost& host, std::unique_ptr<ParseRegex>& made) {
  const auto values = testkit::Values::parse(component(), options);
  if (!values.ok()) return values.error().message;
  void* self = nullptr;
  levada_error error{};
  if (component().create(host.table(), (*values).data(), &self, &error) != LEVADA_OK)
    return std::string(error.option) + ": " + error.message;
  const std::unique_ptr<detail::HeldInstance<ParseRegex>> held(static_cast<detail::HeldInstance<ParseRegex>*>(self));
  made = std::move(held->component);
  return {};
}

class ParseRegexTest : public testing::Test {
 protected:
  Batch parsed(Batch batch, const std::string& options) {
    std::unique_ptr<ParseRegex> made;
    EXPECT_EQ(create(options, host_, made), "");
    EXPECT_TRUE(made->intercept(batch));
    for (const auto& rejection : batch.rejections())
      rejected_.push_back(std::to_string(rejection.row) + ": " + rejection.reason);
    return batch;
  }
  std::string refusal(const std::string& options) {
    std::unique_ptr<ParseRegex> made;
    return create(options, host_, made);
  }
  testkit::FakeHost host_;
  Texts rejected_;
};

TEST_F(ParseRegexTest, makes_columns_of_groups) {
  const auto batch = parsed(batch_of({"1970-01-01T00:00:01Z WARN [7] the disk is nearly full", "x INFO ", "nothing"}),
                            std::string(kPattern) + "\ncolumns = { time = \"timestamp\", thread = \"int64\" }");
  EXPECT_EQ(texts(batch, "time"), (Texts{"1000000", "<null>"}));
  EXPECT_EQ(texts(batch, "level"), (Texts{"WARN", "INFO"}));
  EXPECT_EQ(texts(batch, "thread"), (Texts{"7", "<null>"}));
  EXPECT_EQ(texts(batch, "message"), (Texts{"the disk is nearly full", ""}));
  EXPECT_EQ(rejected_, Texts{"2: line offset 0: the pattern does not match"});
  EXPECT_EQ(host_.count("values_mismatched"), 1);
}

TEST_F(ParseRegexTest, rejects_values_that_do_not_fit_or_are_missing) {
  const auto batch =
      parsed(batch_of({"t WARN [x] a", "t WARN b", "t WARN [7] c"}),
             std::string(kPattern) +
                 "\ncolumns = { thread = { type = \"int64\", required = true } }\non_mismatch = \"reject\"");
  EXPECT_EQ(rejected_, (Texts{"0: line offset 8: the column \"thread\" is int64, and this does not fit",
                              "1: line offset 0: the column \"thread\" is required and has no value"}));
  EXPECT_EQ(texts(batch, "message"), Texts{"c"});
}

TEST_F(ParseRegexTest, may_match_anywhere_and_copies_nothing) {
  const auto batch =
      parsed(batch_of({"before id=a-long-identifier-of-a-thing after"}), "pattern = 'id=(?P<id>[a-z-]+)'");
  EXPECT_EQ(texts(batch, "id"), Texts{"a-long-identifier-of-a-thing"});
  EXPECT_EQ(batch.find("id")->text(0).data(), batch.body()->text(0).data() + 10);
}

TEST_F(ParseRegexTest, says_where_a_pattern_is_wrong) {
  EXPECT_EQ(refusal("pattern = '(?P<a>x)[z'").substr(0, 20), "pattern: column 9: m");
  EXPECT_EQ(refusal("pattern = '(x)'").substr(0, 27), "pattern: has no group with ");
  EXPECT_EQ(refusal("pattern = '(?P<body>x)'").substr(0, 15), "pattern: \"body\"");
  EXPECT_EQ(refusal("pattern = '(?P<a>x)'\ncolumns = { b = \"text\" }"),
            "columns.b: the pattern has no group of this name");
}

LEVADA_CONFORMANCE(parse_regex, [] {
  auto tested = testkit::subject("parse_regex", std::string(kPattern) + "\ncolumns = { thread = \"int64\" }");
  tested.bodies = {"1970-01-01T00:00:01Z WARN [7] a message of more than twelve bytes", "x INFO ", "nothing", ""};
  tested.refused = {{"pattern = '('", "pattern"}};
  return tested;
});

}  // namespace
}  // namespace levada::parse_regex

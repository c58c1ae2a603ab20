// The interceptor convert.
#include "convert.h"

#include <gtest/gtest.h>

#include <cmath>

#include "conversion.h"
#include "levada/testkit/batches.h"
#include "levada/testkit/conformance.h"
#include "levada/testkit/fake_host.h"
#include "levada/testkit/values.h"

namespace levada::convert {
namespace {

using testkit::texts;
using Texts = std::vector<std::string>;

class ConvertTest : public testing::Test {
 protected:
  // The values of a column after it was converted; "<null>" for those that do not fit.
  Texts to(ValueType type, const Column& from, TimeUnit unit = TimeUnit::none) {
    misfits_ = 0;
    Batch batch(from.rows());
    batch.set(converted(from, {.name = "x", .type = type, .unit = unit}, [&](int64_t) { ++misfits_; }));
    return texts(batch, "x");
  }
  static Column text(std::vector<std::optional<std::string>> values) { return testkit::text_column("x", values); }
  static Column int64(std::vector<std::optional<int64_t>> values) {
    return testkit::value_column<int64_t>("x", Type::int64, values);
  }
  static Column float64(std::vector<std::optional<double>> values) {
    return testkit::value_column<double>("x", Type::float64, values);
  }
  static Column timestamp(std::vector<std::optional<int64_t>> values) {
    return testkit::value_column<int64_t>("x", Type::timestamp, values);
  }

  // Rejections of a batch that goes through the interceptor.
  Texts intercepted(Batch& batch, const std::string& options) {
    const auto& component = *levada_plugin_1()->components[0];
    const auto values = testkit::Values::parse(component, options);
    EXPECT_TRUE(values.ok());
    void* self = nullptr;
    levada_error error{};
    EXPECT_EQ(component.create(host_.table(), (*values).data(), &self, &error), LEVADA_OK) << error.message;
    const std::unique_ptr<detail::HeldInstance<Convert>> held(static_cast<detail::HeldInstance<Convert>*>(self));
    EXPECT_TRUE(held->component->intercept(batch));
    Texts rejected;
    for (const auto& rejection : batch.rejections())
      rejected.push_back(std::to_string(rejection.row) + ": " + rejection.reason);
    return rejected;
  }

  testkit::FakeHost host_;
  int misfits_ = 0;
};

TEST_F(ConvertTest, text_becomes_values) {
  EXPECT_EQ(to(ValueType::int64, text({"7", std::nullopt, "x", ""})), (Texts{"7", "<null>", "<null>", "<null>"}));
  EXPECT_EQ(misfits_, 2) << "a null is none";
  EXPECT_EQ(to(ValueType::float64, text({"0.5", "-3"})), (Texts{"0.5", "-3"}));
  EXPECT_EQ(to(ValueType::boolean, text({"yes", "0", "maybe"})), (Texts{"true", "false", "<null>"}));
  EXPECT_EQ(to(ValueType::timestamp, text({"1970-01-01T00:00:01Z", "2"}), TimeUnit::seconds),
            (Texts{"1000000", "2000000"}));
  EXPECT_EQ(to(ValueType::int64, repeat("x", "12", 2)), (Texts{"12", "12"})) << "a dictionary is text";
  EXPECT_EQ(to(ValueType::text, testkit::text_column("x", {"a", "\xff"}, Type::bytes)), (Texts{"a", "<null>"}));
}

TEST_F(ConvertTest, values_become_text) {
  EXPECT_EQ(to(ValueType::text, int64({7, std::nullopt})), (Texts{"7", "<null>"}));
  EXPECT_EQ(to(ValueType::text, float64({0.5})), Texts{"0.5"});
  EXPECT_EQ(to(ValueType::bytes, testkit::boolean_column("x", {true, false})), (Texts{"true", "false"}));
  EXPECT_EQ(to(ValueType::text, timestamp({1'500'000})), Texts{"1970-01-01T00:00:01.5Z"});
  EXPECT_EQ(to(ValueType::text, testkit::list_column("x", {{{1, 2}}, std::nullopt})), (Texts{"<null>", "<null>"}));
  EXPECT_EQ(misfits_, 1) << "a list is no text";
}

TEST_F(ConvertTest, numbers_become_each_other) {
  EXPECT_EQ(to(ValueType::int64, float64({3.0, 3.5, 9.3e18, -9.3e18, NAN, -INFINITY, -9223372036854775808.0})),
            (Texts{"3", "<null>", "<null>", "<null>", "<null>", "<null>", "-9223372036854775808"}));
  EXPECT_EQ(misfits_, 5);
  EXPECT_EQ(to(ValueType::float64, int64({3})), Texts{"3"});
  EXPECT_EQ(to(ValueType::boolean, int64({0, 1, 2})), (Texts{"false", "true", "<null>"}));
  EXPECT_EQ(to(ValueType::boolean, float64({0.0, 1.0, NAN})), (Texts{"false", "true", "<null>"}));
  EXPECT_EQ(to(ValueType::int64, testkit::boolean_column("x", {true, false})), (Texts{"1", "0"}));
}

TEST_F(ConvertTest, times_become_numbers_and_numbers_times) {
  EXPECT_EQ(to(ValueType::int64, timestamp({1'500'000, -1}), TimeUnit::none), (Texts{"1500000", "-1"}));
  EXPECT_EQ(to(ValueType::int64, timestamp({1'500'000}), TimeUnit::nanoseconds), Texts{"1500000000"});
  EXPECT_EQ(to(ValueType::int64, timestamp({INT64_MAX}), TimeUnit::nanoseconds), Texts{"<null>"});
  EXPECT_EQ(to(ValueType::float64, timestamp({1'500'000}), TimeUnit::seconds), Texts{"1.5"});
  EXPECT_EQ(to(ValueType::timestamp, int64({2, INT64_MAX}), TimeUnit::seconds), (Texts{"2000000", "<null>"}));
  EXPECT_EQ(to(ValueType::timestamp, int64({2})), Texts{"<null>"}) << "of what?";
  EXPECT_EQ(to(ValueType::timestamp, float64({1.5, NAN, 1e300}), TimeUnit::milliseconds),
            (Texts{"1500", "<null>", "<null>"}));
}

TEST_F(ConvertTest, rejects_rows_or_makes_nulls_as_it_is_told) {
  const auto rows = [] {
    Batch batch(4);
    batch.set(text({"1", "x", std::nullopt, "4"}));
    batch.set(testkit::text_column("y", {"a", "b", "c", "5"}));
    return batch;
  };
  auto lenient = rows();
  EXPECT_EQ(intercepted(lenient, "columns = { x = \"int64\", z = \"int64\" }"), Texts{});
  EXPECT_EQ(texts(lenient, "x"), (Texts{"1", "<null>", "<null>", "4"}));
  EXPECT_EQ(host_.count("values_mismatched"), 1);
  auto strict = rows();
  EXPECT_EQ(
      intercepted(strict, "columns = { x = \"int64\", y = \"int64\" }\non_mismatch = \"reject\""),
      (Texts{"1: the column \"x\" is no int64", "0: the column \"y\" is no int64", "2: the column \"y\" is no int64"}));
  EXPECT_EQ(texts(strict, "y"), Texts{"5"});
  auto required = rows();
  EXPECT_EQ(intercepted(required, "columns = { x = { type = \"int64\", required = true } }"),
            (Texts{"2: the column \"x\" is required and has no value", "1: the column \"x\" is no int64"}));
  auto missing = rows();
  EXPECT_EQ(intercepted(missing, "columns = { z = { type = \"int64\", required = true } }").size(), 4u);
}

LEVADA_CONFORMANCE(convert, [] {
  auto tested = testkit::subject(
      "convert",
      "columns = { a_text = \"int64\", a_number = \"text\", body = \"text\", a_time = { type = \"float64\", "
      "unit = \"s\" } }");
  tested.bodies = {"7", "x", "a text of more than twelve bytes", ""};
  tested.refused = {{"columns = {}", "columns"}, {"columns = { a = \"int\" }", "columns.a"}};
  return tested;
});

LEVADA_CONFORMANCE(convert_strict, [] {
  auto tested = testkit::subject(
      "convert",
      "columns = { a_text = { type = \"timestamp\", unit = \"s\", required = true } }\non_mismatch = \"reject\"");
  tested.bodies = {"7", "x", "a text of more than twelve bytes"};
  return tested;
});

}  // namespace
}  // namespace levada::convert

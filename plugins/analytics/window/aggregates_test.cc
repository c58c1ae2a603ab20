// What aggregates give for the rows of one key, also when they are joined out of several pieces.
#include "aggregates.h"

#include <gtest/gtest.h>

#include <numeric>

#include "aggregate_table.h"
#include "levada/testkit/batches.h"

namespace levada::window {
namespace {

using testkit::text_column;
using testkit::texts;
using testkit::value_column;

class AggregatesTest : public testing::Test {
 protected:
  // Added at once, then cut in two and joined, then saved and loaded: it is all the same.
  std::string of(const std::string& text, const Batch& batch) {
    auto made = make_aggregate(text, [this](std::string_view remark) { remarks_.emplace_back(remark); });
    if (!made) return made.error().message;
    std::vector<NamedAggregate> named;
    named.push_back({"value", *std::move(made)});
    const Layout layout(std::move(named), false);
    RowKeys keys({});
    keys.read(batch);
    std::vector<int64_t> rows(static_cast<size_t>(batch.rows())), times;
    std::iota(rows.begin(), rows.end(), 0);
    if (const auto* column = batch.find("time"))
      times.assign(column->values<int64_t>(), column->values<int64_t>() + batch.rows());
    layout.bind(batch, times.data());
    AggregateTable whole(layout);
    whole.add(keys, rows);
    const auto expected = value(layout, whole);
    for (size_t cut = 0; cut <= rows.size(); ++cut) {
      AggregateTable first(layout), second(layout), joined(layout);
      first.add(keys, std::span(rows).subspan(cut));
      second.add(keys, std::span(rows).first(cut));
      joined.join(first);
      joined.join(second);
      EXPECT_EQ(value(layout, joined), expected) << text << " joined at " << cut;
    }
    std::string state;
    StateWriter writer(state, "", "");
    whole.save(writer);
    writer.finish();
    AggregateTable loaded(layout);
    auto reader = StateReader::open(state, "", "");
    loaded.load(*reader, 0);
    EXPECT_TRUE(reader->finish());
    EXPECT_EQ(value(layout, loaded), expected);
    EXPECT_EQ(loaded.bytes(), loaded.bytes());
    return expected;
  }
  static std::string value(const Layout& layout, const AggregateTable& table) {
    if (table.size() == 0) return "no rows";
    const char* record = table.record(0);
    const auto column = layout.aggregates()[0].aggregate->finish("value", std::span(&record, 1), table.shared(0));
    Batch batch(1);
    batch.set(column);
    return std::string(name_of(column.type())) + ' ' + texts(batch, "value")[0];
  }
  static Batch integers(const std::vector<std::optional<int64_t>>& values) {
    Batch batch(static_cast<int64_t>(values.size()));
    batch.set(value_column<int64_t>("n", Type::int64, values));
    return batch;
  }
  static Batch reals(const std::vector<std::optional<double>>& values) {
    Batch batch(static_cast<int64_t>(values.size()));
    batch.set(value_column<double>("n", Type::float64, values));
    return batch;
  }
  static Batch words(const std::vector<std::optional<std::string>>& values) {
    Batch batch(static_cast<int64_t>(values.size()));
    batch.set(text_column("n", values));
    return batch;
  }
  std::vector<std::string> remarks_;
};

TEST_F(AggregatesTest, count_rows_and_rows_that_meet_a_condition) {
  EXPECT_EQ(of("count", integers({1, std::nullopt, 3})), "int64 3");
  EXPECT_EQ(of("count_if(n >= 2 and (n < 9 or n is null))", integers({1, std::nullopt, 3, 10})), "int64 1");
  EXPECT_EQ(of("count_if(missing)", integers({1})), "int64 0");
  EXPECT_EQ(remarks_.size(), 1u);
}

TEST_F(AggregatesTest, sums_of_integers_are_exact_and_say_so_where_they_do_not_fit) {
  EXPECT_EQ(of("sum(n)", integers({1, std::nullopt, -3})), "int64 -2");
  EXPECT_EQ(of("sum(n)", integers({std::nullopt})), "int64 <null>");
  EXPECT_EQ(of("sum(n)", integers({INT64_MAX, 1, -1})), "int64 9223372036854775807");
  EXPECT_EQ(of("sum(n)", integers({INT64_MAX, INT64_MAX})), "float64 18446744073709551616");
  EXPECT_EQ(of("sum(n)", integers({INT64_MIN, INT64_MIN, 1})), "float64 -18446744073709551616");
  EXPECT_EQ(of("sum(other)", integers({1})), "int64 <null>");
  EXPECT_EQ(of("sum(n)", words({"1"})), "int64 <null>");
  EXPECT_EQ(of("sum(n) / 1000", integers({1500, 500})), "float64 2");
}

TEST_F(AggregatesTest, sums_of_fractions_do_not_depend_on_their_order) {
  EXPECT_EQ(of("sum(n)", reals({1e16, 1.0, -1e16, 0.5, std::nullopt})), "float64 1.5");
  EXPECT_EQ(of("sum(n)", reals({-1e16, 0.5, 1.0, 1e16})), "float64 1.5");
  EXPECT_EQ(of("avg(n)", reals({0.1, 0.2, 0.3})), "float64 0.19999999999999998");
  EXPECT_EQ(of("sum(n)", reals({std::numeric_limits<double>::infinity(), 1.0})), "float64 inf");
}

TEST_F(AggregatesTest, averages_of_differences) {
  Batch batch = integers({1500, 2500, std::nullopt, 9});
  batch.set(value_column<int64_t>("m", Type::int64, {500, 500, 500, std::nullopt}));
  EXPECT_EQ(of("avg(n - m) / 1000", batch), "float64 1.5");
  EXPECT_EQ(of("sum(n - m)", batch), "int64 3000");
  EXPECT_EQ(of("avg(n)", integers({1, 2})), "float64 1.5");
  EXPECT_EQ(of("avg(n - missing)", batch), "float64 <null>");
  batch.set(value_column<double>("m", Type::float64, {0.5, std::nullopt, std::nullopt, std::nullopt}));
  EXPECT_EQ(of("sum(n - m)", batch), "float64 1499.5");
  Batch far = integers({INT64_MIN, 5});
  far.set(value_column<int64_t>("m", Type::int64, {1, 1}));
  EXPECT_EQ(of("sum(n - m)", far), "int64 4");
}

TEST_F(AggregatesTest, extremes_of_all_types) {
  EXPECT_EQ(of("min(n)", integers({3, std::nullopt, -1})), "int64 -1");
  EXPECT_EQ(of("max(n)", reals({3, std::nullopt, 3.5})), "float64 3.5");
  EXPECT_EQ(of("max(n)", words({"a", std::nullopt, "a text that is longer than sixteen", ""})),
            "text a text that is longer than sixteen");
  EXPECT_EQ(of("min(n)", words({std::nullopt})), "int64 <null>");
  Batch batch(2);
  batch.set(value_column<int64_t>("n", Type::timestamp, {5, 7}));
  EXPECT_EQ(of("max(n)", batch), "timestamp 7");
  batch.set(testkit::boolean_column("n", {true, false}));
  EXPECT_EQ(of("min(n)", batch), "boolean false");
  batch.set(repeat("n", "word", 2));
  EXPECT_EQ(of("min(n)", batch), "text word");
}

TEST_F(AggregatesTest, first_and_last_go_by_time_and_then_by_value) {
  Batch batch = words({"c", "a", "b", std::nullopt});
  batch.set(value_column<int64_t>("time", Type::timestamp, {2, 1, 2, 9}));
  EXPECT_EQ(of("first(n)", batch), "text a");
  EXPECT_EQ(of("last(n)", batch), "text c");
}

TEST_F(AggregatesTest, distinct_values_are_counted_exactly) {
  EXPECT_EQ(of("distinct(n)", words({"a", "b", "a", std::nullopt, ""})), "int64 3");
  EXPECT_EQ(of("distinct(missing)", words({"a"})), "int64 0");
  std::vector<std::optional<int64_t>> many;
  for (int64_t row = 0; row < 500; ++row) many.emplace_back(row % 250);
  EXPECT_EQ(of("distinct(n)", integers(many)), "int64 250");
}

TEST_F(AggregatesTest, many_distinct_values_are_counted_about_and_few_exactly) {
  EXPECT_EQ(of("distinct_approximate(n)", words({"a", "b", "a", std::nullopt, ""})), "int64 3");
  std::vector<std::optional<int64_t>> many;
  for (int64_t row = 0; row < 300; ++row) many.emplace_back(row);
  const auto about = std::stoll(of("distinct_approximate(n)", integers(many)).substr(6));
  EXPECT_NEAR(static_cast<double>(about), 300, 15);
}

TEST_F(AggregatesTest, quantiles_are_right_to_half_a_percent) {
  std::vector<std::optional<int64_t>> many;
  for (int64_t row = 0; row <= 100; ++row) many.emplace_back(row - 50);
  EXPECT_EQ(of("quantile(n, 0.5)", integers(many)), "float64 0");
  EXPECT_NEAR(std::stod(of("quantile(n, 0.9)", integers(many)).substr(8)), 40, 0.21);
  EXPECT_NEAR(std::stod(of("quantile(n, 0)", integers(many)).substr(8)), -50, 0.26);
  EXPECT_EQ(of("quantile(n, 0.5)", integers({std::nullopt})), "float64 <null>");
  EXPECT_EQ(of("quantile(n, 2)", integers(many)), "quantile needs a share from 0 to 1: \"quantile(duration, 0.95)\"");
}

TEST_F(AggregatesTest, top_values_by_their_number_and_then_by_value) {
  EXPECT_EQ(of("top(n, 2)", words({"b", "a \"quoted\"", "b", "c", std::nullopt, "a \"quoted\"", "d"})),
            R"(text [{"value":"a \"quoted\"","count":2},{"value":"b","count":2}])");
  EXPECT_EQ(of("top(n, 9)", integers({3, 3, -1})), R"(text [{"value":3,"count":2},{"value":-1,"count":1}])");
  EXPECT_EQ(of("top(n, 9)", reals({0.5})), R"(text [{"value":0.5,"count":1}])");
  EXPECT_EQ(of("top(n, 1)", words({std::nullopt})), "text []");
  EXPECT_EQ(of("top(n)", words({"a"})), "top needs a number of values from 1 to 1000: \"top(url, 10)\"");
}

TEST_F(AggregatesTest, what_is_no_aggregate_is_refused_with_a_reason) {
  const auto batch = integers({1});
  EXPECT_EQ(of("", batch), "an aggregate is missing: \"count\", \"sum(bytes)\"");
  EXPECT_EQ(of("sum", batch), "sum needs a column: \"sum(bytes)\"");
  EXPECT_EQ(of("sum(", batch), "a parenthesis is not closed");
  EXPECT_EQ(of("sum()", batch), "a column is missing between the parentheses");
  EXPECT_EQ(of("sum(a b)", batch), "\"a b\" is no column: put a name with such characters into backquotes");
  EXPECT_EQ(of("sum(n) * 2", batch), "expected \"/ NUMBER\" behind the parentheses, got \"* 2\"");
  EXPECT_EQ(of("sum(n) / 0", batch), "expected \"/ NUMBER\" behind the parentheses, got \"/ 0\"");
  EXPECT_EQ(of("min(n - m)", batch), "only sum, avg and quantile take a difference of columns");
  EXPECT_EQ(of("sum(n, 3)", batch), "sum takes one column and no number");
  EXPECT_EQ(of("count(n)", batch), "count has no column: count_if(n is not null) counts values");
  EXPECT_NE(of("count_if(n >)", batch).find("at character"), std::string::npos);
  EXPECT_EQ(of("sum(`n`)", batch), "int64 1");
}

}  // namespace
}  // namespace levada::window

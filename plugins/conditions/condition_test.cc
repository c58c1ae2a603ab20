// What each condition says about columns of each type, with nulls, slices
// and dictionaries among them.
#include "condition.h"

#include <gtest/gtest.h>

#include "condition_parser.h"
#include "levada/testkit/batches.h"

namespace levada::conditions {
namespace {

using testkit::boolean_column;
using testkit::text_column;
using testkit::value_column;

Column dictionary_column(std::string name, const std::vector<std::optional<int32_t>>& indices,
                         const std::vector<std::optional<std::string>>& words) {
  ValueBuilder<int32_t> builder;
  for (const auto& index : indices) index ? builder.append(*index) : builder.append_null();
  return std::move(builder).finish(std::move(name), text_column("", words));
}

// Columns of all types; row 2 is null in each.
Batch sample() {
  Batch batch(5);
  batch.set(text_column("host", {"a.example.org", "b.example.org", {}, "short", ""}));
  batch.set(text_column("digits", {"0123456789", "12x", {}, "1234567890123", ""}));
  batch.set(text_column("amount", {"12", "12.5", {}, "1e2", "twelve"}));
  batch.set(value_column<int64_t>("status", Type::int64, {200, 404, {}, 500, -1}));
  batch.set(value_column<double>("took", Type::float64, {0.5, 2.0, {}, 1e9, -0.25}));
  batch.set(value_column<int64_t>("time", Type::timestamp, {1'780'272'000'000'000, 1'780'272'000'500'000, {}, 0, -1}));
  batch.set(boolean_column("secure", {true, false, {}, true, false}));
  batch.set(dictionary_column("level", {0, 1, {}, 0, 2}, {"error", "info", "a rather long level"}));
  return batch;
}

std::string listed(const std::vector<int64_t>& rows) {
  std::string list;
  for (const auto row : rows) list.append(list.empty() ? "" : ",").append(std::to_string(row));
  return list;
}

std::vector<std::string> remarks;

// The rows that meet the condition: "0,3".
std::string rows(std::string_view condition, const Batch& batch) {
  remarks.clear();
  auto parsed = parse_condition(condition);
  if (!parsed) return parsed.error().message;
  Mask mask;
  mask.reset(batch.rows(), 1);
  Remarks told([](std::string_view text) { remarks.emplace_back(text); });
  // A second time: what a condition keeps between batches must not show.
  for (int pass = 0; pass < 2; ++pass) (*parsed)->narrow(batch, mask, told);
  std::vector<int64_t> met;
  for (int64_t row = 0; row < batch.rows(); ++row)
    if (mask.data()[row]) met.push_back(row);
  return listed(met);
}
std::string rows(std::string_view condition) { return rows(condition, sample()); }

TEST(Condition, compares_integers) {
  EXPECT_EQ(rows("status == 404"), "1");
  EXPECT_EQ(rows("status != 404"), "0,2,3,4");
  EXPECT_EQ(rows("status < 404"), "0,4");
  EXPECT_EQ(rows("status <= 404"), "0,1,4");
  EXPECT_EQ(rows("status > 404"), "3");
  EXPECT_EQ(rows("status >= 404.0"), "1,3");
  EXPECT_EQ(rows("status > 403.5"), "1,3");
  EXPECT_EQ(rows("status in [200, -1, 7.5]"), "0,4");
  EXPECT_EQ(rows("status not in [200, -1]"), "1,2,3");
}

TEST(Condition, compares_floating_point_numbers) {
  EXPECT_EQ(rows("took == 2"), "1");
  EXPECT_EQ(rows("took < 0.5"), "4");
  EXPECT_EQ(rows("took >= 2"), "1,3");
  EXPECT_EQ(rows("took in [0.5, 1e9]"), "0,3");
}

TEST(Condition, compares_integers_with_fractions_exactly) {
  constexpr int64_t k53 = int64_t{1} << 53;
  Batch batch(5);
  batch.set(value_column<int64_t>("i", Type::int64, {404, k53, k53 + 1, INT64_MAX, INT64_MIN}));
  const auto rows = [&](const std::string& condition) { return conditions::rows(condition, batch); };
  for (const auto* condition : {"i == 404.0", "i in [404.0]", "i in [404]", "i in [1, 404.0, 1e300]"})
    EXPECT_EQ(rows(condition), "0") << condition;
  EXPECT_EQ(rows("i == 9007199254740992.0"), "1");
  EXPECT_EQ(rows("i > 9007199254740992.0"), "2,3");
  EXPECT_EQ(rows("i <= 9007199254740992.5"), "0,1,4");
  EXPECT_EQ(rows("i < 404.5"), "0,4");
  EXPECT_EQ(rows("i >= 404.5"), "1,2,3");
  EXPECT_EQ(rows("i == 404.5"), "");
  EXPECT_EQ(rows("i < 9223372036854775808.0"), "0,1,2,3,4");
  EXPECT_EQ(rows("i >= 9223372036854775808.0"), "");
  EXPECT_EQ(rows("i == 9223372036854775808.0"), "");
  EXPECT_EQ(rows("i >= -9223372036854775808.0"), "0,1,2,3,4");
  EXPECT_EQ(rows("i == -9223372036854775808.0"), "4");
  EXPECT_EQ(rows("i > -1e300"), "0,1,2,3,4");
  EXPECT_EQ(rows("i < -1e300"), "");
}

TEST(Condition, compares_fractions_with_integers_exactly) {
  constexpr double k53 = 9'007'199'254'740'992;
  Batch batch(4);
  batch.set(value_column<double>("x", Type::float64, {404.0, k53, k53 + 2, 0x1p63}));
  const auto rows = [&](const std::string& condition) { return conditions::rows(condition, batch); };
  EXPECT_EQ(rows("x == 404"), "0");
  EXPECT_EQ(rows("x in [404, 9007199254740993]"), "0");
  EXPECT_EQ(rows("x == 9007199254740993"), "");
  EXPECT_EQ(rows("x < 9007199254740993"), "0,1");
  EXPECT_EQ(rows("x <= 9007199254740993"), "0,1");
  EXPECT_EQ(rows("x > 9007199254740993"), "2,3");
  EXPECT_EQ(rows("x >= 9007199254740993"), "2,3");
  EXPECT_EQ(rows("x == 9223372036854775807"), "");
  EXPECT_EQ(rows("x > 9223372036854775807"), "3");
  EXPECT_EQ(rows("x <= 9223372036854775807"), "0,1,2");
}

TEST(Condition, takes_for_numbers_what_json_writes_as_such) {
  Batch batch(12);
  batch.set(text_column("t", {"404", "404.0", "4.04e2", "inf", "Infinity", "-inf", "nan", "404.", ".5", "+404",
                              "9007199254740993.0", "1e400"}));
  const auto rows = [&](const std::string& condition) { return conditions::rows(condition, batch); };
  EXPECT_EQ(rows("t == 404"), "0,1,2");
  EXPECT_EQ(rows("t == 404.0"), "0,1,2");
  EXPECT_EQ(rows("t in [404.0]"), "0,1,2");
  EXPECT_EQ(rows("t in [404]"), "0,1,2");
  EXPECT_EQ(rows("t > 1"), "0,1,2,10");
  EXPECT_EQ(rows("t < 1"), "");
  EXPECT_EQ(rows("t == 9007199254740993"), "10");
  EXPECT_EQ(rows("t == 9007199254740992"), "");
}

TEST(Condition, lists_of_texts_say_of_other_columns_what_single_texts_say) {
  Batch batch(2);
  batch.set(value_column<int64_t>("i", Type::int64, {404, 1}));
  EXPECT_EQ(conditions::rows("i == '404'", batch), "");
  EXPECT_EQ(conditions::rows("i in ['404']", batch), "");
  EXPECT_EQ(conditions::rows("i in ['1','2','3','4','5','6','7','8','9','404']", batch), "");
}

TEST(Condition, compares_texts_that_fit_into_a_view_and_longer_ones) {
  EXPECT_EQ(rows("host == 'short'"), "3");
  EXPECT_EQ(rows("host == 'b.example.org'"), "1");
  EXPECT_EQ(rows("host == 'b.example.com'"), "");
  EXPECT_EQ(rows("host == ''"), "4");
  EXPECT_EQ(rows("host != 'short'"), "0,1,2,4");
  EXPECT_EQ(rows("host > 'a.example.org'"), "1,3");
  EXPECT_EQ(rows("host <= 'a.example.org'"), "0,4");
  EXPECT_EQ(rows("host in ['short', 'a.example.org']"), "0,3");
  EXPECT_EQ(rows("host in ['1','2','3','4','5','6','7','8','short','a.example.org']"), "0,3");
  EXPECT_EQ(rows("host not in ['short']"), "0,1,2,4");
}

TEST(Condition, looks_into_texts) {
  EXPECT_EQ(rows("host contains 'example'"), "0,1");
  EXPECT_EQ(rows("host contains ''"), "0,1,3,4");
  EXPECT_EQ(rows("host starts_with 'a.'"), "0");
  EXPECT_EQ(rows("host ends_with 'org'"), "0,1");
  EXPECT_EQ(rows("host not ends_with 'org'"), "2,3,4");
  EXPECT_EQ(rows("host matches '[ab]\\.ex'"), "0,1");
  EXPECT_EQ(rows("host matches '^s.*t$'"), "3");
}

TEST(Condition, tells_digits) {
  EXPECT_EQ(rows("is_digits(digits)"), "0,3");
  EXPECT_EQ(rows("digits matches '^[0-9]+$'"), "0,3");
  EXPECT_EQ(rows("digits matches '^[0-9]*$'"), "0,3,4");
  EXPECT_EQ(rows("digits matches '^\\d{10}$'"), "0");
  EXPECT_EQ(rows("is_digits(status)"), "0,1,3");
}

TEST(Condition, takes_text_that_is_a_number_as_one) {
  EXPECT_EQ(rows("amount == 12"), "0");
  EXPECT_EQ(rows("amount >= 12.5"), "1,3");
  EXPECT_EQ(rows("amount in [12, 100]"), "0,3");
}

TEST(Condition, compares_timestamps_with_their_text) {
  EXPECT_EQ(rows("time == '2026-06-01T00:00:00Z'"), "0");
  EXPECT_EQ(rows("time > '2026-06-01 02:00:00+02:00'"), "1");
  EXPECT_EQ(rows("time < '1970-01-01T00:00:00Z'"), "4");
  EXPECT_EQ(rows("time in ['2026-06-01T00:00:00.5Z', '1970-01-01T00:00:00Z']"), "1,3");
}

TEST(Condition, asks_booleans) {
  EXPECT_EQ(rows("secure"), "0,3");
  EXPECT_EQ(rows("secure == true"), "0,3");
  EXPECT_EQ(rows("secure == false"), "1,4");
  EXPECT_EQ(rows("secure != true"), "1,2,4");
  EXPECT_EQ(rows("not secure"), "1,2,4");
}

TEST(Condition, asks_each_word_of_a_dictionary_once) {
  EXPECT_EQ(rows("level == 'error'"), "0,3");
  EXPECT_EQ(rows("level == 'a rather long level'"), "4");
  EXPECT_EQ(rows("level matches '^(error|info)$'"), "0,1,3");
  EXPECT_EQ(rows("level in ['info', 'none']"), "1");
  EXPECT_EQ(rows("level is null"), "2");
}

TEST(Condition, knows_null_and_missing_columns) {
  EXPECT_EQ(rows("exists(status)"), "0,1,3,4");
  EXPECT_EQ(rows("status is null"), "2");
  EXPECT_EQ(rows("status is not null"), "0,1,3,4");
  EXPECT_EQ(rows("status == null"), "2");
  EXPECT_EQ(rows("status != null"), "0,1,3,4");
  EXPECT_EQ(rows("exists(nothing)"), "");
  EXPECT_EQ(rows("nothing is null"), "0,1,2,3,4");
  EXPECT_EQ(rows("nothing != 1"), "0,1,2,3,4");
  EXPECT_EQ(rows("nothing in [1]"), "");
  EXPECT_EQ(rows("nothing"), "");
}

TEST(Condition, combines_and_before_or) {
  EXPECT_EQ(rows("status == 404 or status == 500 and host == 'short'"), "1,3");
  EXPECT_EQ(rows("(status == 404 or status == 500) and host == 'short'"), "3");
  EXPECT_EQ(rows("not (status == 404 or host is null) and took > 0"), "0,3");
  EXPECT_EQ(rows("not not secure and not status == 500"), "0");
  EXPECT_EQ(rows("status > 0 and (host contains 'example' or level == 'error' or secure)"), "0,1,3");
}

TEST(Condition, remarks_once_on_columns_that_are_missing_or_of_the_wrong_type) {
  EXPECT_EQ(rows("statsu > 1 or statsu < 0"), "");
  EXPECT_EQ(remarks, std::vector<std::string>{"there is no column \"statsu\": what is asked of it is not met"});
  EXPECT_EQ(rows("status == '200'"), "");
  EXPECT_EQ(remarks, std::vector<std::string>{
                         "the column \"status\" is int64 and is set against the text '200': no row meets that"});
  EXPECT_EQ(rows("time > 12"), "");
  EXPECT_EQ(remarks, std::vector<std::string>{
                         "the column \"time\" is timestamp and is set against a number: no row meets that"});
  EXPECT_EQ(rows("took matches '5'"), "");
  EXPECT_EQ(remarks,
            std::vector<std::string>{"the column \"took\" is float64 and is asked for its text: no row meets that"});
  EXPECT_EQ(rows("status"), "");
  EXPECT_EQ(remarks, std::vector<std::string>{"the column \"status\" is int64 and no boolean: no row meets that"});
  EXPECT_EQ(rows("status > 1 and exists(nothing)"), "");
  EXPECT_TRUE(remarks.empty());
}

// As Arrow slices: the same buffers, begun further behind.
Batch sliced(const Batch& whole, int64_t first, int64_t count) {
  Batch part(count);
  for (const auto& column : whole.columns()) {
    auto array = std::make_shared<ArrowArray>(column.array());
    array->offset += first;
    array->length = count;
    array->null_count = -1;
    part.set(Column(column.name(), column.type(),
                    std::shared_ptr<const ArrowArray>(array.get(), [array, column](auto*) {})));
  }
  return part;
}

TEST(Condition, says_the_same_about_a_slice) {
  std::vector<std::optional<std::string>> texts;
  std::vector<std::optional<int64_t>> numbers;
  std::vector<std::optional<bool>> booleans;
  for (int64_t row = 0; row < 100; ++row) {
    const bool null = row % 7 == 3;
    texts.push_back(null
                        ? std::nullopt
                        : std::optional(std::string(static_cast<size_t>(row % 20), static_cast<char>('0' + row % 11))));
    numbers.push_back(null ? std::nullopt : std::optional(row % 13));
    booleans.push_back(null ? std::nullopt : std::optional(row % 3 == 0));
  }
  Batch batch(100);
  batch.set(text_column("t", texts));
  batch.set(value_column<int64_t>("n", Type::int64, numbers));
  batch.set(boolean_column("b", booleans));
  for (const auto* condition :
       {"is_digits(t)", "n < 6", "b", "b == false", "t is null", "t == '55555' or not b", "n in [1, 5, 9]"}) {
    for (const int64_t first : {0, 1, 7, 8, 16, 63}) {
      const auto part = sliced(batch, first, 97 - first);
      // The same rows, copied to the beginning of buffers of their own.
      EXPECT_EQ(rows(condition, part), rows(condition, batch.slice(first, 97 - first)))
          << condition << " from " << first;
    }
    EXPECT_NE(rows(condition, batch), "") << condition;
  }
}

TEST(Condition, is_met_by_nothing_in_an_empty_batch) {
  Batch empty;
  empty.set(text_column("host", {}));
  EXPECT_EQ(rows("host == 'a' or host is null", empty), "");
}

}  // namespace
}  // namespace levada::conditions

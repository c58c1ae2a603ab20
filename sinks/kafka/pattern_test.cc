// What becomes of patterns, which topics, keys, headers and the paths of other sinks are made of.
#include "levada/pattern.h"

#include <gtest/gtest.h>

#include "levada/testkit/batches.h"

namespace levada::kafka_sink {
namespace {

using testkit::text_column;
using testkit::value_column;

// The text of a row; "missing COLUMN" where it has none.
std::string filled(const std::string& text, const Batch& batch, int64_t row) {
  const auto pattern = Pattern::parse(text);
  if (!pattern) return pattern.error().message;
  std::string to;
  const auto* missing = Pattern::Bound(*pattern, batch).append(row, to);
  return missing ? "missing " + *missing : to;
}

TEST(Pattern, puts_the_values_of_columns_in_place_of_their_names) {
  Batch batch(1);
  batch.set(text_column("host", {"web1"}));
  batch.set(repeat("kind", "click", 1));
  batch.set(value_column<int64_t>("n", Type::int64, {-5}));
  batch.set(value_column<double>("share", Type::float64, {0.25}));
  batch.set(testkit::boolean_column("ok", {true}));
  EXPECT_EQ(filled("{host}/{kind}-{n}:{share},{ok}", batch, 0), "web1/click--5:0.25,true");
}

TEST(Pattern, writes_timestamps_with_no_more_digits_than_they_need) {
  Batch batch(3);
  batch.set(value_column<int64_t>("time", Type::timestamp, {0, 1'500'000, -1}));
  EXPECT_EQ(filled("{time}", batch, 0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(filled("{time}", batch, 1), "1970-01-01T00:00:01.5Z");
  EXPECT_EQ(filled("{time}", batch, 2), "1969-12-31T23:59:59.999999Z");
}

TEST(Pattern, names_the_column_that_has_no_value_unless_there_is_a_fallback) {
  Batch batch(1);
  batch.set(text_column("host", {std::nullopt}));
  EXPECT_EQ(filled("logs-{host}", batch, 0), "missing host");
  EXPECT_EQ(filled("logs-{user}", batch, 0), "missing user");
  EXPECT_EQ(filled("logs-{host:-any}{user:-}", batch, 0), "logs-any");
}

TEST(Pattern, doubled_braces_are_braces) { EXPECT_EQ(filled("{{a}}", Batch(1), 0), "{a}"); }

TEST(Pattern, says_where_a_pattern_is_wrong) {
  EXPECT_EQ(filled("a{b", Batch(1), 0), "\"{\" at position 2 of \"a{b\" is not closed; write \"{{\" for a brace");
  EXPECT_EQ(filled("a}b", Batch(1), 0), "\"}\" at position 2 of \"a}b\" closes nothing; write \"}}\" for a brace");
  EXPECT_EQ(filled("{:-x}", Batch(1), 0), "\"{\" at position 1 of \"{:-x}\" names no column");
}

}  // namespace
}  // namespace levada::kafka_sink

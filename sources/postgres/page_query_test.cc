// The SQL of a page, and how a query is divided.
#include "page_query.h"

#include <gtest/gtest.h>

#include "postgres/types.h"

namespace levada::postgres_source {
namespace {

PostgresSettings settings_of(std::optional<std::string> share = {}, std::optional<std::string> start = {},
                             std::optional<std::string> end = {}) {
  PostgresSettings settings;
  settings.query = "SELECT * FROM logs; -- all\n;\n";
  settings.cursor = "id";
  settings.share = std::move(share);
  settings.start = std::move(start);
  settings.end = std::move(end);
  return settings;
}

std::string first_of(const PostgresSettings& settings, bool is_whole = true) {
  const auto query =
      PageQuery::of(settings, {{"id", postgres::kInt8}, {"price", postgres::kNumeric}}, "bigint", is_whole);
  return query ? query->page(10, false, false) : query.error().message;
}

// What stands between the first condition and the order.
std::string more_of(const PostgresSettings& settings, bool is_whole = true) {
  const auto sql = first_of(settings, is_whole);
  const auto from = sql.find("IS NOT NULL"), to = sql.find(" ORDER BY");
  return from == sql.npos ? sql : sql.substr(from + 11, to - from - 11);
}

TEST(PageQuery, goes_on_behind_a_position_and_divides_no_ties) {
  const auto query =
      PageQuery::of(settings_of(), {{"id", postgres::kInt8}, {"price", postgres::kNumeric}}, "bigint", true);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->page(10, false, false),
            "SELECT q.\"id\", q.\"price\"::text, q.\"id\"::text FROM (SELECT * FROM logs; -- all\n) AS q "
            "WHERE q.\"id\" IS NOT NULL ORDER BY q.\"id\" FETCH FIRST 10 ROWS WITH TIES");
  const auto has = [&](bool is_behind, bool has_last, const char* part) {
    return query->page(10, is_behind, has_last).find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(true, false, "IS NOT NULL AND q.\"id\" > $1::bigint ORDER BY"));
  EXPECT_TRUE(has(true, true, "IS NOT NULL AND q.\"id\" > $1::bigint AND q.\"id\" <= $2::bigint ORDER BY"));
  EXPECT_TRUE(has(false, true, "IS NOT NULL AND q.\"id\" <= $1::bigint ORDER BY"));
}

TEST(PageQuery, a_range_has_its_start_and_not_its_end) {
  EXPECT_EQ(more_of(settings_of({}, "a'b", "c")), " AND q.\"id\" >= 'a''b'::bigint AND q.\"id\" < 'c'::bigint");
}

TEST(PageQuery, shares_of_a_range_follow_each_other_without_a_gap) {
  EXPECT_EQ(more_of(settings_of("1/3", "0", "10")), " AND q.\"id\" >= '0'::bigint AND q.\"id\" < '3'::bigint");
  EXPECT_EQ(more_of(settings_of("2/3", "0", "10")), " AND q.\"id\" >= '3'::bigint AND q.\"id\" < '6'::bigint");
  EXPECT_EQ(more_of(settings_of("3/3", "0", "10")), " AND q.\"id\" >= '6'::bigint AND q.\"id\" < '10'::bigint");
  EXPECT_EQ(more_of(settings_of("2/2", "-9223372036854775808", "9223372036854775807")),
            " AND q.\"id\" >= '-1'::bigint AND q.\"id\" < '9223372036854775807'::bigint");
}

TEST(PageQuery, shares_without_a_range_are_blocks_of_numbers) {
  EXPECT_EQ(more_of(settings_of("2/5")), " AND ((q.\"id\"::bigint >> 10) % 5 + 5) % 5 = 1");
  EXPECT_EQ(more_of(settings_of("1/1")), "");
  EXPECT_EQ(more_of(settings_of("1/2"), false), "share needs a cursor of whole numbers, and \"id\" is bigint");
  EXPECT_EQ(more_of(settings_of("1/2", "b", "a")), "start and end must be whole numbers, start the lower one");
}

TEST(Share, is_a_number_of_several) {
  EXPECT_TRUE(Share::parse("5/5"));
  for (const auto* wrong : {"", "1", "/", "0/2", "3/2", "1/x", "-1/2", "1/2/3", "1/10001"})
    EXPECT_FALSE(Share::parse(wrong)) << wrong;
}

}  // namespace
}  // namespace levada::postgres_source

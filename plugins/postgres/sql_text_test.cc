// Names and values that would end a text of SQL early.
#include "postgres/sql_text.h"

#include <gtest/gtest.h>

namespace levada::postgres {
namespace {

TEST(SqlText, what_would_end_a_name_or_a_text_is_doubled) {
  EXPECT_EQ(quoted_name("ip"), "\"ip\"");
  EXPECT_EQ(quoted_name("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quoted_text("it's \\ so"), "'it''s \\ so'");
}

TEST(SqlText, items_of_an_array_may_be_anything) {
  EXPECT_EQ(array_text({}), "{}");
  EXPECT_EQ(array_text({"", "NULL", "a,b}", "\"\\"}), R"({"","NULL","a,b}","\"\\"})");
}

TEST(SqlText, a_comment_or_a_semicolon_at_the_end_ends_nothing_else) {
  EXPECT_EQ(inner_query("SELECT 1; \n"), "(SELECT 1\n) AS q");
  EXPECT_EQ(inner_query("SELECT 1 -- one"), "(SELECT 1 -- one\n) AS q");
}

TEST(SqlText, a_table_may_have_a_schema) {
  EXPECT_EQ(quoted_table("logs"), "\"logs\"");
  EXPECT_EQ(quoted_table("my.Logs"), "\"my\".\"Logs\"");
  for (const auto* wrong : {"", ".", "a.", ".b", "a.b.c"}) EXPECT_EQ(quoted_table(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace levada::postgres

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

TEST(SqlText, a_table_may_have_a_schema) {
  EXPECT_EQ(quoted_table("logs"), "\"logs\"");
  EXPECT_EQ(quoted_table("my.Logs"), "\"my\".\"Logs\"");
  for (const auto* wrong : {"", ".", "a.", ".b", "a.b.c"}) EXPECT_EQ(quoted_table(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace levada::postgres

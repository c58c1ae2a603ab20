// Lookup in a tree, and a tree as TOML.
#include "agent/config/node.h"

#include <gtest/gtest.h>

#include "agent/config/document.h"

namespace levada::agent {

TEST(Node, finds_an_item_by_its_key) {
  const Node table = *parse_value("{ a = 1, b = { c = true } }");
  ASSERT_NE(table.find("b"), nullptr);
  ASSERT_NE(table.find("b")->find("c"), nullptr);
  EXPECT_EQ(table.find("b")->find("c")->integer, 1);
  EXPECT_EQ(table.find("c"), nullptr);
}

TEST(Node, is_written_as_toml) {
  const std::string toml = R"({ a = 1, b = [true, 0.5, "x\"y\\z\n\t\u0001"], "c.d" = {}, e = [], f = 1e+21, g = 2.0 })";
  EXPECT_EQ(toml_text(*parse_value(toml), false), toml);
}

TEST(Node, hides_what_is_a_secret_by_its_name) {
  const Node table = *parse_value(R"({ "sasl.password" = "x", client_secret = "y", user = "z" })");
  EXPECT_EQ(toml_text(table, true), R"x({ "sasl.password" = "(hidden)", client_secret = "(hidden)", user = "z" })x");
}

TEST(Node, joins_keys_to_a_path_with_quotes_where_toml_needs_them) {
  EXPECT_EQ(join_path("", "agent"), "agent");
  EXPECT_EQ(join_path("sinks", "kafka-2"), "sinks.kafka-2");
  EXPECT_EQ(join_path("sinks.kafka.librdkafka", "sasl.password"), "sinks.kafka.librdkafka.\"sasl.password\"");
  EXPECT_EQ(join_path("sinks", ""), "sinks.\"\"");
}

}  // namespace levada::agent

// Order and form of findings.
#include "agent/config/diagnostics.h"

#include <gtest/gtest.h>

namespace levada::agent {

TEST(Diagnostics, come_by_file_line_and_column) {
  Diagnostics diagnostics;
  diagnostics.add({"b.toml", 1, 1}, "e");
  diagnostics.add({"a.toml", 10, 1}, "d");
  diagnostics.add({"a.toml", 2, 7}, "c");
  diagnostics.add({"a.toml", 2, 3}, "sources.x", "b");
  diagnostics.add({"a.toml"}, "a");
  EXPECT_EQ(diagnostics.text(),
            "a.toml: a\n"
            "a.toml:2:3: sources.x: b\n"
            "a.toml:2:7: c\n"
            "a.toml:10:1: d\n"
            "b.toml:1:1: e\n");
}

TEST(Diagnostics, come_once_each) {
  Diagnostics diagnostics;
  diagnostics.add({"a.toml", 2, 3}, "b");
  diagnostics.add({"a.toml", 2, 3}, "b");
  diagnostics.add({"a.toml", 2, 3}, "c");
  EXPECT_EQ(diagnostics.text(), "a.toml:2:3: b\na.toml:2:3: c\n");
}

TEST(Diagnostics, are_empty_until_something_is_found) {
  Diagnostics diagnostics;
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_EQ(diagnostics.text(), "");
  diagnostics.add({"a.toml", 1, 1}, "b");
  EXPECT_FALSE(diagnostics.empty());
  EXPECT_EQ(diagnostics.size(), 1u);
}

}  // namespace levada::agent

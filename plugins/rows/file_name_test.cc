// File names survive the way to text and back.
#include "rows/file_name.h"

#include <gtest/gtest.h>

namespace levada::rows {
namespace {

TEST(FileName, comes_back_from_its_text) {
  for (const std::string name :
       {"plain", "with \"quotes\" and \\", "100%", "%41", "caf\xc3\xa9", "caf\xe9", "line\nbreak", ""}) {
    EXPECT_EQ(from_text(to_text(name)), name);
    EXPECT_EQ(to_text(name).find_first_of("\"\\\n"), std::string::npos);
  }
  EXPECT_EQ(to_text("caf\xc3\xa9.log"), "caf\xc3\xa9.log");
}

TEST(FileName, is_shown_as_it_is_where_it_is_utf8) {
  EXPECT_EQ(to_display("100% caf\xc3\xa9"), "100% caf\xc3\xa9");
  EXPECT_EQ(to_display("caf\xe9"), "caf%e9");
}

}  // namespace
}  // namespace levada::rows

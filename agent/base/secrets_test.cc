#include "agent/base/secrets.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

TEST(Secrets, are_hidden_wherever_they_stand) {
  Secrets secrets;
  EXPECT_EQ(secrets.hide("data-open/x"), "data-open/x");
  secrets.add("open");
  secrets.add("open-sesame");
  EXPECT_EQ(secrets.hide("open-sesame/open, opened"), "(hidden)/(hidden), (hidden)ed");
  EXPECT_EQ(secrets.hide(""), "");
}

TEST(Secrets, short_ones_are_not_told_from_other_text) {
  Secrets secrets;
  secrets.add("");
  secrets.add("abc");
  EXPECT_EQ(secrets.hide("abcd"), "abcd");
}

TEST(Secrets, what_stands_in_their_place_is_not_hidden_again) {
  Secrets secrets;
  secrets.add("hidden");
  EXPECT_EQ(secrets.hide("hidden hidden"), "(hidden) (hidden)");
}

}  // namespace
}  // namespace levada::agent

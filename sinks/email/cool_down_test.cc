// Keys that had a mail lately.
#include "cool_down.h"

#include <gtest/gtest.h>

namespace levada::email {
namespace {

using namespace std::chrono_literals;

TEST(CoolDownTest, a_key_has_one_mail_in_its_time_and_the_next_says_how_many_rows_had_none) {
  CoolDown cool_down(10s);
  EXPECT_TRUE(cool_down.see("a", 100s).mail);
  EXPECT_FALSE(cool_down.see("a", 100s).mail);
  EXPECT_TRUE(cool_down.see("b", 105s).mail);
  EXPECT_FALSE(cool_down.see("a", 109s).mail);
  const auto again = cool_down.see("a", 110s);
  EXPECT_TRUE(again.mail);
  EXPECT_EQ(again.held_back, 2);
  EXPECT_EQ(cool_down.see("a", 120s).held_back, 0);
}

TEST(CoolDownTest, a_clock_that_is_set_back_makes_no_key_wait_longer) {
  CoolDown cool_down(10s);
  cool_down.see("a", 1000s);
  EXPECT_TRUE(cool_down.see("a", 10s).mail);
  EXPECT_FALSE(cool_down.see("a", 11s).mail);
}

TEST(CoolDownTest, keys_are_forgotten_when_they_have_nothing_to_tell) {
  CoolDown cool_down(10s);
  cool_down.see("once", 100s);
  cool_down.see("twice", 100s);
  cool_down.see("twice", 101s);
  cool_down.forget(109s);
  EXPECT_EQ(cool_down.size(), 2u);
  cool_down.forget(110s);
  EXPECT_EQ(cool_down.size(), 1u);
  EXPECT_EQ(cool_down.see("twice", 115s).held_back, 1);
  cool_down.forget(200s);
  EXPECT_EQ(cool_down.size(), 0u);
}

TEST(CoolDownTest, is_the_same_after_it_was_saved) {
  CoolDown cool_down(10s), other(10s);
  for (const char* key : {"a", "tab\tand\nline %41", "", "\xff"}) {
    cool_down.see(key, 100s);
    cool_down.see(key, 101s);
  }
  ASSERT_TRUE(other.load(cool_down.encoded()));
  EXPECT_EQ(other.encoded(), cool_down.encoded());
  EXPECT_EQ(other.see("tab\tand\nline %41", 111s).held_back, 1);
  ASSERT_TRUE(other.load(""));
  EXPECT_EQ(other.size(), 0u);
  for (const char* damaged : {"1\t2", "x\t1\ta\n", "1\tx\ta\n", "-1\t0\ta\n", "1\t2\ta", "\n"})
    EXPECT_EQ(other.load(damaged).code(), Code::reject) << damaged;
}

}  // namespace
}  // namespace levada::email

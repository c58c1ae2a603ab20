// Which transactions are waited for; tests/e2e has it before a real server.
#include "writers.h"

#include <gtest/gtest.h>

namespace levada::postgres_source {
namespace {

const Writer kFirst = {"3/7", "100"}, kSecond = {"4/9", "101"}, kLater = {"5/1", "102"}, kPrepared = {"-1/700", ""};

TEST(WriterWait, is_over_when_all_of_a_moment_have_ended) {
  WriterWait wait;
  wait.begin({});
  EXPECT_TRUE(wait.is_over());
  wait.begin({kFirst, kSecond});
  wait.update({kSecond, kLater});
  EXPECT_FALSE(wait.is_over());
  EXPECT_EQ(wait.shown(), "101");
  wait.update({kLater});
  EXPECT_TRUE(wait.is_over());
}

TEST(WriterWait, a_process_that_has_begun_another_transaction_has_ended_the_first) {
  WriterWait wait;
  wait.begin({kFirst});
  wait.update({{"3/8", "100"}});
  EXPECT_TRUE(wait.is_over());
}

TEST(WriterWait, one_that_is_prepared_meanwhile_is_waited_for) {
  WriterWait wait;
  wait.begin({kFirst});
  wait.update({kPrepared});
  EXPECT_EQ(wait.shown(), "prepared -1/700");
  // It is all that is left, so another one that is prepared is none of them.
  wait.update({kPrepared, {"-1/701", ""}});
  EXPECT_EQ(wait.shown(), "prepared -1/700");
  wait.update({{"-1/701", ""}});
  EXPECT_TRUE(wait.is_over());
}

}  // namespace
}  // namespace levada::postgres_source

#include "agent/pipeline/ledger.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

Account account(uint64_t end, int64_t read, const std::string& file = "", std::vector<Loss> losses = {}) {
  return {"clicks", end, read, false, file, std::move(losses)};
}

TEST(Account, is_the_same_after_it_was_written_and_read) {
  const Account whole{"clicks/a\tb", 12, 5, true, "/in/%41\n", {{Fate::dropped, "interceptors.a", "at byte #", 3}}};
  const auto read = Account::decode(whole.encoded());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->encoded(), whole.encoded());
  EXPECT_EQ(read->stream, whole.stream);
  EXPECT_EQ(read->file, whole.file);
  EXPECT_EQ(read->losses[0].reason, "at byte #");
  EXPECT_FALSE(Account::decode("12\t5\tclicks"));
  EXPECT_FALSE(Account::decode("12\tfive\tclicks\t"));
}

TEST(Ledger, sums_up_by_file_and_reason) {
  Ledger ledger;
  ledger.add(account(5, 5, "a", {{Fate::filtered, "interceptors.f", "", 2}}), 3);
  ledger.add(account(9, 4, "a", {{Fate::dead_letters, "sinks.out", "too long", 1}}), 3);
  ledger.add(account(10, 1, "b"), 1);
  const auto& stream = ledger.streams().at("clicks");
  ASSERT_EQ(stream.entries.size(), 2u);
  EXPECT_EQ(stream.entries[0].read, 9);
  EXPECT_EQ(stream.entries[0].delivered, 6);
  EXPECT_EQ(stream.entries[0].losses.size(), 2u);
  EXPECT_EQ(stream.entries[0].difference(), 0);
  EXPECT_EQ(stream.missing + stream.doubled, 0);
}

TEST(Ledger, shows_rows_that_nothing_explains) {
  Ledger ledger;
  ledger.add(account(5, 5), 4);
  EXPECT_EQ(ledger.streams().at("clicks").entries[0].difference(), 1);
}

TEST(Ledger, notices_rows_that_never_came_or_came_again) {
  Ledger ledger;
  ledger.add(account(105, 5), 5);
  ledger.add(account(108, 1), 1);
  ledger.add(account(110, 4), 4);
  const auto& stream = ledger.streams().at("clicks");
  EXPECT_EQ(stream.first, 100u);
  EXPECT_EQ(stream.end, 110u);
  EXPECT_EQ(stream.missing, 2);
  EXPECT_EQ(stream.doubled, 2);
}

TEST(Ledger, knows_that_rows_before_a_jump_are_not_missing) {
  Ledger ledger;
  ledger.add(account(5, 5), 5);
  Account far = account(107, 2);
  far.jump = true;
  ledger.add(far, 2);
  EXPECT_EQ(ledger.streams().at("clicks").missing, 0);
  EXPECT_EQ(ledger.streams().at("clicks").end, 107u);
}

TEST(Ledger, tells_rows_that_are_numbered_anew_from_rows_that_come_again) {
  Ledger ledger;
  ledger.add(account(5, 5), 5);
  ledger.add(account(3, 3), 3);
  ledger.add(account(4, 1), 1);
  const auto& stream = ledger.streams().at("clicks");
  EXPECT_EQ(stream.restarts, 1);
  EXPECT_EQ(stream.missing + stream.doubled, 0);
}

TEST(Ledger, takes_back_what_was_turned_down_late) {
  Ledger ledger;
  ledger.add(account(5, 5), 5);
  ledger.take_back(2, {{Fate::dead_letters, "sinks.out", "too large", 2}});
  EXPECT_EQ(ledger.streams().at("clicks").entries[0].delivered, 3);
  EXPECT_EQ(ledger.streams().at("clicks").entries[0].difference(), 0);
}

TEST(Ledger, sums_up_the_earliest_files_once_there_are_many) {
  Ledger ledger;
  for (size_t file = 0; file < Ledger::kFiles + 5; ++file) ledger.add(account(file + 1, 1, std::to_string(file)), 1);
  const auto& entries = ledger.streams().at("clicks").entries;
  EXPECT_EQ(entries.size(), Ledger::kFiles);
  EXPECT_EQ(entries[0].file, Ledger::kEarlierFiles);
  EXPECT_EQ(entries[0].read, 6);
  EXPECT_EQ(entries.back().file, std::to_string(Ledger::kFiles + 4));
}

TEST(Ledger, is_the_same_after_it_was_written_and_read) {
  Ledger ledger;
  ledger.add(account(5, 5, "a", {{Fate::elsewhere, "sources.clicks", "", 2}}), 3);
  ledger.add({"views/0", 7, 7, false, "", {{Fate::dropped, "sinks.out", "a\tb", 1}}}, 7);
  const auto read = Ledger::decode(ledger.encoded());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->encoded(), ledger.encoded());
  EXPECT_EQ(read->streams().at("views/0").entries[0].losses[0].reason, "a\tb");
  EXPECT_FALSE(Ledger::decode("file\t1\t1\ta"));
  EXPECT_FALSE(Ledger::decode("stream\t1\tx\t0\t0\tclicks"));
}

}  // namespace
}  // namespace levada::agent

#include "agent/pipeline/audit_totals.h"

#include <gtest/gtest.h>

namespace levada::agent {
namespace {

Account account(uint64_t end, int64_t read, const std::string& file = "", std::vector<AuditCount> counts = {}) {
  return {"clicks", end, read, false, false, file, std::move(counts)};
}

TEST(Account, is_the_same_after_it_was_written_and_read) {
  const Account whole{
      "clicks/a\tb", 12, 5, true, false, "/in/%41\n", {{Outcome::dropped, "interceptors.a", "at byte #", 3}}};
  const auto read = Account::decode(whole.encoded());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->encoded(), whole.encoded());
  EXPECT_EQ(read->stream, whole.stream);
  EXPECT_EQ(read->file, whole.file);
  EXPECT_EQ(read->counts[0].reason, "at byte #");
  EXPECT_FALSE(Account::decode("12\t5\tclicks"));
  EXPECT_FALSE(Account::decode("12\tfive\tclicks\t"));
}

TEST(AuditTotals, sums_up_by_file_and_reason) {
  AuditTotals audit;
  audit.add(account(5, 5, "a", {{Outcome::filtered, "interceptors.f", "", 2}}), 3);
  audit.add(account(9, 4, "a", {{Outcome::dead_letters, "sinks.out", "too long", 1}}), 3);
  audit.add(account(10, 1, "b"), 1);
  const auto& stream = audit.streams().at("clicks");
  ASSERT_EQ(stream.entries.size(), 2u);
  EXPECT_EQ(stream.entries[0].read, 9);
  EXPECT_EQ(stream.entries[0].delivered, 6);
  EXPECT_EQ(stream.entries[0].counts.size(), 2u);
  EXPECT_EQ(stream.entries[0].difference(), 0);
  EXPECT_EQ(stream.missing + stream.doubled, 0);
}

TEST(AuditTotals, shows_rows_that_nothing_explains) {
  AuditTotals audit;
  audit.add(account(5, 5), 4);
  EXPECT_EQ(audit.streams().at("clicks").entries[0].difference(), 1);
}

TEST(AuditTotals, notices_rows_that_never_came_or_came_again) {
  AuditTotals audit;
  audit.add(account(105, 5), 5);
  audit.add(account(108, 1), 1);
  audit.add(account(110, 4), 4);
  const auto& stream = audit.streams().at("clicks");
  EXPECT_EQ(stream.first, 100u);
  EXPECT_EQ(stream.end, 110u);
  EXPECT_EQ(stream.missing, 2);
  EXPECT_EQ(stream.doubled, 2);
}

TEST(AuditTotals, counts_rows_that_a_channel_had_and_that_never_came) {
  AuditTotals audit;
  const auto restated = [](uint64_t end) {
    Account account;
    account.stream = "clicks";
    account.end = end;
    account.restates = true;
    return *Account::decode(account.encoded());
  };
  // The first ten never came, the next ten did, and of the last five nothing is left.
  Account came;
  came.stream = "clicks";
  came.end = 20;
  came.read = 10;
  audit.add(came, 10);
  for (int time = 0; time < 2; ++time) {
    audit.add(restated(0), 0);
    audit.add(restated(25), 0);
    EXPECT_EQ(audit.streams().at("clicks").missing, 15);
  }
  EXPECT_EQ(audit.streams().at("clicks").doubled, 0);
  EXPECT_EQ(audit.streams().at("clicks").restarts, 0);

  AuditTotals nothing_came;
  nothing_came.add(restated(0), 0);
  nothing_came.add(restated(25), 0);
  EXPECT_EQ(nothing_came.streams().at("clicks").missing, 25);
}

TEST(AuditTotals, knows_that_rows_before_a_jump_are_not_missing) {
  AuditTotals audit;
  audit.add(account(5, 5), 5);
  Account far = account(107, 2);
  far.jump = true;
  audit.add(far, 2);
  EXPECT_EQ(audit.streams().at("clicks").missing, 0);
  EXPECT_EQ(audit.streams().at("clicks").end, 107u);
}

TEST(AuditTotals, tells_rows_that_are_numbered_anew_from_rows_that_come_again) {
  AuditTotals audit;
  audit.add(account(5, 5), 5);
  audit.add(account(3, 3), 3);
  audit.add(account(4, 1), 1);
  const auto& stream = audit.streams().at("clicks");
  EXPECT_EQ(stream.restarts, 1);
  EXPECT_EQ(stream.missing + stream.doubled, 0);
}

TEST(AuditTotals, takes_back_what_was_turned_down_late) {
  AuditTotals audit;
  audit.add(account(5, 5), 5);
  audit.take_back(2, {{Outcome::dead_letters, "sinks.out", "too large", 2}});
  EXPECT_EQ(audit.streams().at("clicks").entries[0].delivered, 3);
  EXPECT_EQ(audit.streams().at("clicks").entries[0].difference(), 0);
}

TEST(AuditTotals, sums_up_the_earliest_files_once_there_are_many) {
  AuditTotals audit;
  for (size_t file = 0; file < AuditTotals::kFiles + 5; ++file)
    audit.add(account(file + 1, 1, std::to_string(file)), 1);
  const auto& entries = audit.streams().at("clicks").entries;
  EXPECT_EQ(entries.size(), AuditTotals::kFiles);
  EXPECT_EQ(entries[0].file, AuditTotals::kEarlierFiles);
  EXPECT_EQ(entries[0].read, 6);
  EXPECT_EQ(entries.back().file, std::to_string(AuditTotals::kFiles + 4));
}

TEST(AuditTotals, is_the_same_after_it_was_written_and_read) {
  AuditTotals audit;
  audit.add(account(5, 5, "a", {{Outcome::elsewhere, "sources.clicks", "", 2}}), 3);
  audit.add({"views/0", 7, 7, false, false, "", {{Outcome::dropped, "sinks.out", "a\tb", 1}}}, 7);
  const auto read = AuditTotals::decode(audit.encoded());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->encoded(), audit.encoded());
  EXPECT_EQ(read->streams().at("views/0").entries[0].counts[0].reason, "a\tb");
  EXPECT_FALSE(AuditTotals::decode("file\t1\t1\ta"));
  EXPECT_FALSE(AuditTotals::decode("stream\t1\tx\t0\t0\tclicks"));
}

}  // namespace
}  // namespace levada::agent

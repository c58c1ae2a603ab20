// The ledger comes back from its journal as it was, however long that has grown.
#include "ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "levada/testkit/fake_host.h"

namespace levada::spool {
namespace {

struct Book {
  Ledger open() {
    Ledger ledger(Journal(host.host().files(), host.data_dir()), "/in");
    EXPECT_TRUE(ledger.load().ok());
    EXPECT_TRUE(ledger.resume(std::nullopt));
    return ledger;
  }
  static void read(Ledger& ledger, const std::string& file, uint64_t inode) {
    Pass pass;
    pass.file = file;
    pass.identity.inode = inode;
    pass.number = ledger.begin(pass);
    pass.to = Place{10};
    pass.bytes = 10;
    pass.finished = true;
    ledger.end(pass);
  }
  uint64_t journal_bytes() { return host.files().read_file(host.data_dir() + "/journal").size(); }

  testkit::FakeHost host{"sources.test"};
};

TEST(Ledger, knows_after_a_restart_what_was_read_acknowledged_and_completed) {
  Book book;
  {
    auto ledger = book.open();
    for (uint64_t file = 1; file <= 4; ++file) Book::read(ledger, std::to_string(file), file);
    EXPECT_EQ(ledger.acknowledge(3), (std::vector<std::string>{"1", "2", "3"}));
    ledger.forget("1");
    ASSERT_TRUE(ledger.save().ok());
  }
  auto ledger = book.open();
  EXPECT_FALSE(ledger.find("1"));
  ASSERT_TRUE(ledger.find("2") && ledger.find("4"));
  EXPECT_TRUE(ledger.find("2")->acknowledged);
  EXPECT_FALSE(ledger.find("4")->acknowledged);
  EXPECT_EQ(ledger.completable(), (std::vector<std::string>{"2", "3"}));
  EXPECT_EQ(ledger.next(), 4u);
  ASSERT_TRUE(ledger.next_replay());
  EXPECT_EQ(ledger.next_replay()->file, "4");
}

TEST(Ledger, does_not_know_what_was_not_saved) {
  Book book;
  {
    auto ledger = book.open();
    Book::read(ledger, "a", 1);
  }
  EXPECT_FALSE(book.open().find("a"));
}

TEST(Ledger, writes_its_journal_anew_when_most_of_it_is_history) {
  Book book;
  auto ledger = book.open();
  uint64_t most = 0;
  for (uint64_t file = 0; file < 40'000; ++file) {
    const auto name = "a rather long name of a file, number " + std::to_string(file);
    Book::read(ledger, name, file + 1);
    ledger.acknowledge(ledger.next());
    if (file % 100 != 0) ledger.forget(name);
    if (file % 200 == 0) {
      ASSERT_TRUE(ledger.save().ok());
      most = std::max(most, book.journal_bytes());
    }
  }
  ASSERT_TRUE(ledger.save().ok());
  EXPECT_GT(most, 4u << 20);
  EXPECT_LT(book.journal_bytes(), most);
  EXPECT_LT(most, 6u << 20);
  auto again = book.open();
  EXPECT_EQ(again.completable(), ledger.completable());
  EXPECT_EQ(again.completable().size(), 400u);
  EXPECT_EQ(again.next(), 40'000u);
}

TEST(Ledger, goes_on_after_its_journal_could_not_be_written_anew) {
  for (int64_t failing = 1; failing <= 9; ++failing) {
    Book book;
    book.host.files().write_file(book.host.data_dir() + "/journal",
                                 "{\"folder\":\"/in\"}\n" + std::string((4 << 20) + 1, 'x') + "\n");
    auto ledger = book.open();
    Book::read(ledger, "a", 1);
    book.host.files().fail_call(failing, EIO);
    const bool saved = ledger.save().ok();
    Book::read(ledger, "b", 2);
    ASSERT_TRUE(ledger.save().ok() || (saved && ledger.save().ok()));
    auto again = book.open();
    EXPECT_TRUE(again.find("a")) << failing;
    EXPECT_TRUE(again.find("b")) << failing;
  }
}

}  // namespace
}  // namespace levada::spool

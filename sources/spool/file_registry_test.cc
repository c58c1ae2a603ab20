// The registry comes back from its journal as it was, however long that has grown.
#include "file_registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "levada/testkit/fake_host.h"

namespace levada::spool {
namespace {

struct Book {
  FileRegistry open() {
    FileRegistry registry(Journal(host.host().files(), host.data_dir()), "/in");
    EXPECT_TRUE(registry.load({1, 2}).ok());
    EXPECT_TRUE(registry.resume(std::nullopt));
    return registry;
  }
  static void read(FileRegistry& registry, const std::string& file, uint64_t inode) {
    Pass pass;
    pass.file = file;
    pass.identity.inode = inode;
    pass.number = registry.begin(pass);
    pass.to = Place{10};
    pass.bytes = 10;
    pass.finished = true;
    registry.end(pass);
  }
  uint64_t journal_bytes() { return host.files().read_file(host.data_dir() + "/journal").size(); }

  testkit::FakeHost host{"sources.test"};
};

TEST(FileRegistry, knows_after_a_restart_what_was_read_acknowledged_and_completed) {
  Book book;
  {
    auto registry = book.open();
    for (uint64_t file = 1; file <= 4; ++file) Book::read(registry, std::to_string(file), file);
    EXPECT_EQ(registry.acknowledge(3), (std::vector<FileId>{{0, 1}, {0, 2}, {0, 3}}));
    registry.forget({0, 1});
    ASSERT_TRUE(registry.save().ok());
  }
  auto registry = book.open();
  EXPECT_FALSE(registry.find(std::string("1")));
  EXPECT_FALSE(registry.find(FileId{0, 1}));
  ASSERT_TRUE(registry.find(FileId{0, 2}) && registry.find(FileId{0, 4}));
  EXPECT_TRUE(registry.find(FileId{0, 2})->acknowledged);
  EXPECT_FALSE(registry.find(FileId{0, 4})->acknowledged);
  EXPECT_EQ(registry.completable(), (std::vector<FileId>{{0, 2}, {0, 3}}));
  EXPECT_EQ(registry.next(), 4u);
  ASSERT_TRUE(registry.next_replay());
  EXPECT_EQ(registry.next_replay()->file, "4");
}

TEST(FileRegistry, knows_files_by_what_they_are_and_not_by_their_names) {
  Book book;
  auto registry = book.open();
  Book::read(registry, "a", 1);
  Book::read(registry, "b", 2);
  registry.rename({0, 1}, "b");
  registry.rename({0, 2}, "a");
  EXPECT_EQ(registry.find(std::string("a")), registry.find(FileId{0, 2}));
  EXPECT_EQ(registry.find(std::string("b")), registry.find(FileId{0, 1}));
  registry.forget({0, 1});
  EXPECT_FALSE(registry.find(std::string("b")));
  EXPECT_TRUE(registry.find(std::string("a")));
}

TEST(FileRegistry, knows_the_folder_by_path_or_by_what_it_is) {
  Book book;
  {
    auto registry = book.open();
    Book::read(registry, "a", 1);
    ASSERT_TRUE(registry.save().ok());
  }
  const auto known = [&](const std::string& path, const FileId& folder) {
    FileRegistry registry(Journal(book.host.host().files(), book.host.data_dir()), path);
    EXPECT_TRUE(registry.load(folder).ok());
    return registry.known();
  };
  EXPECT_EQ(known("/link", {1, 2}), 1u);
  EXPECT_EQ(known("/in", {1, 3}), 1u);
  EXPECT_EQ(known("/other", {1, 3}), 0u);
}

TEST(FileRegistry, knows_files_whose_device_has_another_number_since_a_restart) {
  Book book;
  {
    auto registry = book.open();
    Pass pass;
    pass.file = "a";
    pass.identity.device = 1;
    pass.identity.inode = 7;
    registry.begin(pass);
    ASSERT_TRUE(registry.save().ok());
  }
  for (const uint64_t device : {5, 6}) {
    FileRegistry registry(Journal(book.host.host().files(), book.host.data_dir()), "/in");
    ASSERT_TRUE(registry.load({device, 2}).ok());
    EXPECT_TRUE(registry.find(FileId{device, 7})) << device;
    Pass pass;
    pass.file = "b";
    pass.identity.device = device;
    pass.identity.inode = 8;
    registry.begin(pass);
    ASSERT_TRUE(registry.save().ok());
  }
  FileRegistry registry(Journal(book.host.host().files(), book.host.data_dir()), "/in");
  ASSERT_TRUE(registry.load({9, 2}).ok());
  EXPECT_TRUE(registry.find(FileId{9, 7}));
  EXPECT_TRUE(registry.find(FileId{9, 8}));
  EXPECT_EQ(registry.known(), 2u);
}

TEST(FileRegistry, does_not_know_what_was_not_saved) {
  Book book;
  {
    auto registry = book.open();
    Book::read(registry, "a", 1);
  }
  EXPECT_FALSE(book.open().find(std::string("a")));
}

TEST(FileRegistry, writes_its_journal_anew_when_most_of_it_is_history) {
  Book book;
  auto registry = book.open();
  uint64_t most = 0;
  for (uint64_t file = 0; file < 40'000; ++file) {
    const auto name = "a rather long name of a file, number " + std::to_string(file);
    Book::read(registry, name, file + 1);
    registry.acknowledge(registry.next());
    if (file % 100 != 0) registry.forget({0, file + 1});
    if (file % 200 == 0) {
      ASSERT_TRUE(registry.save().ok());
      most = std::max(most, book.journal_bytes());
    }
  }
  ASSERT_TRUE(registry.save().ok());
  EXPECT_GT(most, 4u << 20);
  EXPECT_LT(book.journal_bytes(), most);
  EXPECT_LT(most, 6u << 20);
  auto again = book.open();
  EXPECT_EQ(again.completable(), registry.completable());
  EXPECT_EQ(again.completable().size(), 400u);
  EXPECT_EQ(again.next(), 40'000u);
}

TEST(FileRegistry, goes_on_after_its_journal_could_not_be_written_anew) {
  for (int64_t failing = 1; failing <= 9; ++failing) {
    Book book;
    book.host.files().write_file(book.host.data_dir() + "/journal",
                                 "{\"folder\":\"/in\"}\n" + std::string((4 << 20) + 1, 'x') + "\n");
    auto registry = book.open();
    Book::read(registry, "a", 1);
    book.host.files().fail_call(failing, EIO);
    const bool saved = registry.save().ok();
    Book::read(registry, "b", 2);
    ASSERT_TRUE(registry.save().ok() || (saved && registry.save().ok()));
    auto again = book.open();
    EXPECT_TRUE(again.find(std::string("a"))) << failing;
    EXPECT_TRUE(again.find(std::string("b"))) << failing;
  }
}

}  // namespace
}  // namespace levada::spool

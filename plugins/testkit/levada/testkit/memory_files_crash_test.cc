#include <gtest/gtest.h>

#include <cerrno>
#include <set>

#include "levada/host.h"
#include "levada/testkit/memory_files.h"

namespace levada::testkit {
namespace {

struct MemoryFilesCrash : testing::Test {
  ManualClock clock;
  MemoryFiles disk{clock};
  Files files{disk.table()};
};

TEST_F(MemoryFilesCrash, keeps_only_the_bytes_that_were_synced) {
  disk.write_file("/a", "");
  auto file = files.open("/a", LEVADA_APPEND);
  ASSERT_TRUE(file->write("safe"));
  ASSERT_TRUE(file->sync());
  ASSERT_TRUE(file->write(" lost"));
  disk.crash();
  EXPECT_EQ(disk.read_file("/a"), "safe");
}

TEST_F(MemoryFilesCrash, keeps_everything_when_only_the_process_dies) {
  auto file = files.open("/a", LEVADA_CREATE);
  ASSERT_TRUE(file->write("text"));
  disk.crash_at(1);
  EXPECT_FALSE(file->write(" never written"));
  disk.crash(Lose::nothing);
  EXPECT_EQ(disk.read_file("/a"), "text");
  EXPECT_EQ(disk.open_handles(), 0);
  EXPECT_TRUE(files.exists("/a"));
}

TEST_F(MemoryFilesCrash, forgets_a_new_file_whose_folder_was_not_synced) {
  auto file = files.open("/a", LEVADA_CREATE);
  ASSERT_TRUE(file->write("text"));
  ASSERT_TRUE(file->sync());
  disk.crash();
  EXPECT_FALSE(disk.exists("/a"));
}

TEST_F(MemoryFilesCrash, empties_a_new_file_whose_bytes_were_not_synced) {
  ASSERT_TRUE(files.open("/a", LEVADA_CREATE)->write("text"));
  ASSERT_TRUE(files.sync_folder("/"));
  disk.crash();
  EXPECT_EQ(disk.read_file("/a"), "");
}

TEST_F(MemoryFilesCrash, undoes_renames_and_removals_that_were_not_synced) {
  disk.write_file("/a", "a");
  disk.write_file("/b", "b");
  disk.write_file("/c", "c");
  ASSERT_TRUE(files.rename("/a", "/b"));
  ASSERT_TRUE(files.remove("/c"));
  disk.crash();
  EXPECT_EQ(disk.read_file("/a"), "a");
  EXPECT_EQ(disk.read_file("/b"), "b");
  EXPECT_EQ(disk.read_file("/c"), "c");
}

TEST_F(MemoryFilesCrash, keeps_a_rename_once_the_folder_was_synced) {
  disk.write_file("/a", "a");
  ASSERT_TRUE(files.rename("/a", "/b"));
  ASSERT_TRUE(files.sync_folder("/"));
  disk.crash();
  EXPECT_EQ(disk.paths(), std::vector<std::string>{"/b"});
}

TEST_F(MemoryFilesCrash, between_folders_a_rename_needs_both_of_them_synced) {
  disk.write_file("/from/a", "a");
  disk.make_folders("/to");
  ASSERT_TRUE(files.rename("/from/a", "/to/a"));
  ASSERT_TRUE(files.sync_folder("/to"));
  disk.crash();
  EXPECT_EQ(disk.paths(), (std::vector<std::string>{"/from/a", "/to/a"}));
}

TEST_F(MemoryFilesCrash, never_leaves_half_of_what_replace_writes) {
  ASSERT_TRUE(files.replace("/state", "before"));
  const auto first = disk.calls();
  ASSERT_TRUE(files.replace("/state", "before"));
  const auto needed = disk.calls() - first;
  for (int64_t n = 1; n <= needed; ++n) {
    for (const auto lose : {Lose::unsynced, Lose::torn}) {
      disk.crash_at(n);
      EXPECT_FALSE(files.replace("/state", "after, and longer"));
      disk.crash(lose);
      const auto left = disk.read_file("/state");
      EXPECT_TRUE(left == "before" || left == "after, and longer") << "crash at call " << n << " left: " << left;
      ASSERT_TRUE(files.replace("/state", "before")) << "crash at call " << n;
    }
  }
}

TEST_F(MemoryFilesCrash, tears_a_write_at_every_length) {
  std::set<std::string> left;
  for (int round = 0; round < 200; ++round) {
    disk.write_file("/a", "");
    ASSERT_TRUE(files.open("/a", LEVADA_APPEND)->write("123"));
    disk.crash(Lose::torn);
    left.insert(disk.read_file("/a"));
  }
  EXPECT_EQ(left, (std::set<std::string>{"", "1", "12", "123"}));
}

TEST_F(MemoryFilesCrash, a_torn_crash_repeats_with_its_seed) {
  const auto run = [](uint64_t seed) {
    ManualClock clock;
    MemoryFiles disk(clock, seed);
    const Files files(disk.table());
    disk.write_file("/a", "");
    auto file = files.open("/a", LEVADA_APPEND);
    for (int at = 0; at < 100; ++at) EXPECT_TRUE(file->write("0123456789"));
    disk.crash(Lose::torn);
    return disk.read_file("/a").size();
  };
  EXPECT_EQ(run(7), run(7));
  EXPECT_NE(run(7), run(8));
}

TEST_F(MemoryFilesCrash, ends_all_handles_and_all_faults) {
  disk.write_file("/a", "a");
  auto file = files.open("/a");
  disk.crash_at(1);
  EXPECT_FALSE(files.list("/"));
  EXPECT_FALSE(files.list("/"));
  disk.crash();
  char to;
  EXPECT_FALSE(file->read(&to, 1, 0));
  EXPECT_TRUE(files.list("/"));
}

}  // namespace
}  // namespace levada::testkit

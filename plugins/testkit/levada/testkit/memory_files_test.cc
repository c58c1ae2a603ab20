#include "levada/testkit/memory_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "levada/host.h"

namespace levada::testkit {
namespace {

struct MemoryFilesTest : testing::Test {
  ManualClock clock;
  MemoryFiles disk{clock};
  Files files{disk.table()};

  levada_file_info info(const std::string& path) {
    levada_file_info found{};
    EXPECT_EQ(files.stat(path, found), 0) << path;
    return found;
  }
  int64_t open(const char* path, int32_t how) { return disk.table()->open(disk.table()->context, path, how); }
  int64_t rename(const char* from, const char* to) { return disk.table()->rename(disk.table()->context, from, to); }
};

TEST_F(MemoryFilesTest, reads_at_any_offset_and_writes_where_the_last_write_ended) {
  auto file = files.open("/a", LEVADA_WRITE);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("hello "));
  ASSERT_TRUE(file->write("bench"));
  EXPECT_EQ(disk.read_file("/a"), "hello bench");

  auto reader = files.open("/a");
  char to[8] = {};
  EXPECT_EQ(*reader->read(to, sizeof to, 6), 5u);
  EXPECT_STREQ(to, "bench");
  EXPECT_EQ(*reader->read(to, sizeof to, 11), 0u);
}

TEST_F(MemoryFilesTest, opens_as_each_mode_says) {
  disk.write_file("/old", "old");
  EXPECT_EQ(open("/missing", LEVADA_READ), -ENOENT);
  EXPECT_EQ(open("/old", LEVADA_CREATE), -EEXIST);
  EXPECT_EQ(open("/no/such/folder", LEVADA_WRITE), -ENOENT);
  EXPECT_EQ(open("/", LEVADA_WRITE), -EISDIR);
  ASSERT_TRUE(files.open("/old", LEVADA_APPEND)->write(" and new"));
  EXPECT_EQ(disk.read_file("/old"), "old and new");
  ASSERT_TRUE(files.open("/old", LEVADA_WRITE)->write("OLD"));
  EXPECT_EQ(disk.read_file("/old"), "OLD and new") << "opening to write does not truncate";
}

TEST_F(MemoryFilesTest, a_lock_is_held_until_its_handle_is_closed) {
  auto held = files.lock("/lock");
  ASSERT_TRUE(held && *held);
  EXPECT_TRUE(disk.exists("/lock"));
  auto refused = files.lock("/lock");
  ASSERT_TRUE(refused);
  EXPECT_FALSE(*refused);
  EXPECT_TRUE(*files.lock("/other"));
  ASSERT_TRUE(held->close());
  EXPECT_TRUE(*files.lock("/lock"));
  EXPECT_EQ(files.lock("/no/such/folder").error().message, "lock /no/such/folder: No such file or directory");
}

TEST_F(MemoryFilesTest, a_lock_ends_with_its_process) {
  auto held = files.lock("/lock");
  disk.crash(Lose::nothing);
  EXPECT_TRUE(*files.lock("/lock"));
}

TEST_F(MemoryFilesTest, truncating_moves_the_write_position_to_the_new_end) {
  auto file = files.open("/a", LEVADA_WRITE);
  ASSERT_TRUE(file->write("0123456789"));
  ASSERT_TRUE(file->truncate(4));
  ASSERT_TRUE(file->write("x"));
  EXPECT_EQ(disk.read_file("/a"), "0123x");
}

TEST_F(MemoryFilesTest, a_rename_replaces_and_keeps_the_inode) {
  disk.write_file("/a", "one");
  disk.write_file("/b", "two");
  const auto before = info("/a");
  ASSERT_TRUE(files.rename("/a", "/b"));
  EXPECT_FALSE(disk.exists("/a"));
  EXPECT_EQ(disk.read_file("/b"), "one");
  EXPECT_EQ(info("/b").inode, before.inode);
  EXPECT_EQ(info("/b").device, before.device);
}

TEST_F(MemoryFilesTest, a_file_that_was_removed_or_replaced_can_still_be_read_through_its_handle) {
  disk.write_file("/a", "first");
  auto reader = files.open("/a");
  disk.remove_file("/a");
  disk.write_file("/a", "second");
  char to[16] = {};
  ASSERT_EQ(*reader->read(to, sizeof to, 0), 5u);
  EXPECT_STREQ(to, "first");
  EXPECT_NE(reader->info()->inode, info("/a").inode);
}

TEST_F(MemoryFilesTest, a_link_gives_a_second_name_only_if_that_is_free) {
  disk.write_file("/a", "text");
  EXPECT_TRUE(*files.link("/a", "/b"));
  EXPECT_FALSE(*files.link("/a", "/b"));
  EXPECT_EQ(info("/a").inode, info("/b").inode);
  ASSERT_TRUE(files.remove("/a"));
  EXPECT_EQ(disk.read_file("/b"), "text");
}

TEST_F(MemoryFilesTest, folders_are_made_with_their_parents_and_listed_in_no_useful_order) {
  ASSERT_TRUE(files.make_folder("/x/y/z"));
  ASSERT_TRUE(files.make_folder("/x/y/z"));
  disk.write_file("/x/y/a", "");
  const auto entries = files.list("/x/y");
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_EQ((*entries)[0].name, "z");
  EXPECT_TRUE((*entries)[0].is_folder);
  EXPECT_FALSE((*entries)[1].is_folder);
  EXPECT_FALSE(files.list("/nowhere"));
  EXPECT_FALSE(files.remove("/x/y")) << "it is not empty";
}

TEST_F(MemoryFilesTest, a_mounted_folder_is_another_device) {
  disk.write_file("/a", "");
  disk.mount("/mnt");
  EXPECT_EQ(rename("/a", "/mnt/a"), -EXDEV);
  disk.write_file("/mnt/b", "");
  EXPECT_NE(info("/mnt/b").device, info("/a").device);
  EXPECT_EQ(rename("/mnt/b", "/mnt/c"), 0);
}

TEST_F(MemoryFilesTest, permissions_are_kept_and_enforced) {
  disk.write_file("/secret", "");
  disk.set_mode("/secret", 0200);
  EXPECT_EQ(open("/secret", LEVADA_READ), -EACCES);
  EXPECT_EQ(info("/secret").mode, static_cast<uint32_t>(S_IFREG | 0200));
}

TEST_F(MemoryFilesTest, files_carry_the_time_of_their_last_change) {
  clock.set(std::chrono::seconds(100));
  disk.write_file("/a", "");
  EXPECT_EQ(info("/a").modified_ns, 100'000'000'000);
  clock.advance(std::chrono::seconds(5));
  ASSERT_TRUE(files.open("/a", LEVADA_APPEND)->write("x"));
  EXPECT_EQ(info("/a").modified_ns, 105'000'000'000);
}

TEST_F(MemoryFilesTest, a_wait_reports_a_change_or_lets_the_time_go_by) {
  disk.make_folders("/in");
  const auto* table = disk.table();
  const auto watch = table->watch(table->context, "/in");
  const auto before = clock.monotonic();
  EXPECT_EQ(table->wait(table->context, watch, 1000), 0);
  EXPECT_EQ((clock.monotonic() - before).count(), 1000);
  disk.write_file("/in/a", "x");
  EXPECT_EQ(table->wait(table->context, watch, 1000), 1);
  EXPECT_EQ(table->wait(table->context, watch, 1000), 0);
  EXPECT_EQ(table->close(table->context, watch), 0);
  disk.set_watching(false);
  EXPECT_EQ(table->watch(table->context, "/in"), -ENOTSUP);
}

TEST_F(MemoryFilesTest, the_nth_call_fails_once_and_does_nothing) {
  disk.write_file("/a", "");
  disk.fail_call(2, EIO);
  EXPECT_TRUE(files.rename("/a", "/b"));
  const auto failed = files.rename("/b", "/c");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "rename to /c /b: Input/output error");
  EXPECT_TRUE(disk.exists("/b"));
  EXPECT_TRUE(files.rename("/b", "/c"));
  EXPECT_EQ(disk.calls(), 3);
}

TEST_F(MemoryFilesTest, a_short_write_takes_half) {
  const auto handle = open("/a", LEVADA_WRITE);
  const levada_bytes part{"12345678", 8};
  disk.short_write_at(1);
  EXPECT_EQ(disk.table()->write(disk.table()->context, handle, &part, 1), 4);
  EXPECT_EQ(disk.table()->write(disk.table()->context, handle, &part, 1), 8);
  EXPECT_EQ(disk.read_file("/a"), "123412345678");
}

TEST_F(MemoryFilesTest, a_full_disk_takes_what_fits_and_then_nothing_until_there_is_room) {
  auto file = files.open("/a", LEVADA_WRITE);
  disk.set_free_bytes(3);
  const auto failed = file->write("12345");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "write /a: No space left on device");
  EXPECT_EQ(disk.read_file("/a"), "123");
  EXPECT_EQ(disk.table()->free_bytes(disk.table()->context, "/"), 0);
  disk.set_free_bytes(100);
  EXPECT_TRUE(file->write("45"));
  EXPECT_EQ(disk.read_file("/a"), "12345");
}

TEST_F(MemoryFilesTest, handles_close_and_are_counted) {
  {
    const auto file = files.open("/a", LEVADA_WRITE);
    EXPECT_EQ(disk.open_handles(), 1);
  }
  EXPECT_EQ(disk.open_handles(), 0);
  char to;
  EXPECT_EQ(disk.table()->read(disk.table()->context, 3, &to, 1, 0), -EBADF);
}

}  // namespace
}  // namespace levada::testkit

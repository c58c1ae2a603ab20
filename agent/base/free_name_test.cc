// Names that nobody has.
#include "levada/free_name.h"

#include <gtest/gtest.h>

#include "levada/testkit/manual_clock.h"
#include "levada/testkit/memory_files.h"

namespace levada {
namespace {

class FreeNameTest : public ::testing::Test {
 protected:
  testkit::ManualClock clock;
  testkit::MemoryFiles disk{clock};
  const Files files{disk.table()};
};

TEST_F(FreeNameTest, is_the_name_itself_where_nobody_has_it) {
  disk.make_folders("/in");
  EXPECT_EQ(*free_name(files, "/in/a.COMPLETED"), "/in/a.COMPLETED");
}

TEST_F(FreeNameTest, gets_the_first_number_that_nobody_has) {
  disk.write_file("/in/a.COMPLETED", "");
  disk.write_file("/in/a.COMPLETED.1", "");
  disk.write_file("/in/a.COMPLETED.3", "");
  EXPECT_EQ(*free_name(files, "/in/a.COMPLETED"), "/in/a.COMPLETED.2");
}

TEST_F(FreeNameTest, is_not_that_of_a_folder) {
  disk.make_folders("/in/a");
  EXPECT_EQ(*free_name(files, "/in/a"), "/in/a.1");
}

TEST_F(FreeNameTest, is_made_as_its_user_says) {
  disk.write_file("/out/part-0.ndjson", "");
  const auto name = [](int number) { return "/out/part-" + std::to_string(number) + ".ndjson"; };
  EXPECT_EQ(*first_free(files, name, [](const levada_file_info&) { return false; }), "/out/part-1.ndjson");
}

TEST_F(FreeNameTest, is_empty_where_a_file_has_one_of_the_names_already) {
  disk.write_file("/out/part-0.ndjson", "");
  disk.write_file("/out/part-1.ndjson", "");
  const auto name = [](int number) { return "/out/part-" + std::to_string(number) + ".ndjson"; };
  const auto is_second = [&](const levada_file_info& info) { return info.inode == disk.inode("/out/part-1.ndjson"); };
  EXPECT_EQ(*first_free(files, name, is_second), "");
}

TEST_F(FreeNameTest, knows_what_is_taken) {
  disk.write_file("/in/a", "");
  EXPECT_FALSE(*is_free(files, "/in/a"));
  EXPECT_TRUE(*is_free(files, "/in/b"));
}

TEST_F(FreeNameTest, is_not_known_while_the_disk_fails) {
  disk.write_file("/in/a", "");
  disk.fail_call(1, EIO);
  EXPECT_EQ(free_name(files, "/in/a").code(), Code::retry);
}

}  // namespace
}  // namespace levada

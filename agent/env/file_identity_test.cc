// What the file service says of real files: which is which, who writes to them, who has a folder.
#include "agent/env/system_files.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "levada/host.h"

namespace levada::agent {
namespace {

class SystemFiles : public testing::Test {
 protected:
  SystemFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "levada.XXXXXX").string();
    folder = ::mkdtemp(name.data());
    std::ofstream(folder + "/a") << "text";
  }
  ~SystemFiles() override { std::filesystem::remove_all(folder); }

  std::string folder;
  Files files{system_files()};
};

TEST_F(SystemFiles, keep_inode_and_birth_through_renames_and_writes) {
  levada_file_info before{}, after{};
  ASSERT_EQ(files.stat(folder + "/a", before), 0);
  std::filesystem::rename(folder + "/a", folder + "/b");
  std::ofstream(folder + "/b", std::ios::app) << "more";
  auto file = files.open(folder + "/b");
  ASSERT_TRUE(file.ok());
  after = *file->info();
  EXPECT_EQ(after.device, before.device);
  EXPECT_EQ(after.inode, before.inode);
  EXPECT_EQ(after.born_ns, before.born_ns);
  EXPECT_EQ(after.bytes, before.bytes + 4);
  EXPECT_GE(after.modified_ns, before.modified_ns);
  EXPECT_EQ(after.mode, before.mode);
}

TEST_F(SystemFiles, give_a_folder_to_one_user_at_a_time) {
  {
    const auto mine = files.lock_folder(folder);
    ASSERT_TRUE(mine.ok());
    if (!*mine) GTEST_SKIP() << "no locks here";
    const auto other = files.lock_folder(folder);
    ASSERT_EQ(other.code(), Code::fatal);
    EXPECT_NE(other.error().message.find(folder + " is in use"), std::string::npos) << other.error().message;
  }
  EXPECT_TRUE(files.lock_folder(folder).ok());
}

TEST_F(SystemFiles, know_whether_someone_writes_to_a_file) {
  auto file = files.open(folder + "/a");
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(file->is_written());
  auto writer = files.open(folder + "/a", LEVADA_APPEND);
  ASSERT_TRUE(writer.ok());
  if (!file->is_written()) GTEST_SKIP() << "no leases here";
  ASSERT_TRUE(writer->close().ok());
  EXPECT_FALSE(file->is_written());
}

}  // namespace
}  // namespace levada::agent

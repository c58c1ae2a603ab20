// The file service on a real disk: what no fake can prove.
#include "agent/env/system_files.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include "levada/host.h"

namespace levada::agent {
namespace {

class SystemFilesTest : public testing::Test {
 protected:
  SystemFilesTest() {
    char path[] = "/tmp/levada-files.XXXXXX";
    EXPECT_NE(::mkdtemp(path), nullptr);
    folder_ = path;
  }
  ~SystemFilesTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  const Files files_{system_files()};
};

TEST_F(SystemFilesTest, a_lock_is_held_until_its_handle_is_closed) {
  auto held = files_.lock(folder_ + "/lock");
  ASSERT_TRUE(held && *held);
  auto refused = files_.lock(folder_ + "/lock");
  ASSERT_TRUE(refused);
  EXPECT_FALSE(*refused);
  ASSERT_TRUE(held->close());
  EXPECT_TRUE(*files_.lock(folder_ + "/lock"));
}

TEST_F(SystemFilesTest, a_lock_keeps_other_processes_out_and_ends_with_its_own) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const auto child = ::fork();
  if (child == 0) {
    const auto held = files_.lock(folder_ + "/lock");
    const char mark = held && *held ? 'y' : 'n';
    if (::write(ready[1], &mark, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char mark = 0;
  ASSERT_EQ(::read(ready[0], &mark, 1), 1);
  EXPECT_EQ(mark, 'y');
  EXPECT_FALSE(*files_.lock(folder_ + "/lock"));
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(*files_.lock(folder_ + "/lock"));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(SystemFilesTest, what_it_makes_is_for_its_own_user_whatever_the_umask) {
  const auto mode = [&](const std::string& name) {
    struct stat info;
    EXPECT_EQ(::stat((folder_ + name).c_str(), &info), 0) << name;
    return info.st_mode & 07777;
  };
  for (const mode_t mask : {0000, 0022, 0077, 0777}) {
    const auto before = ::umask(mask);
    const auto top = "/" + std::to_string(mask);
    EXPECT_TRUE(files_.make_folder(folder_ + top + "/below"));
    for (const auto how : {LEVADA_WRITE, LEVADA_APPEND, LEVADA_CREATE})
      EXPECT_TRUE(files_.open(folder_ + top + "/file" + std::to_string(how), how));
    EXPECT_TRUE(files_.replace(folder_ + top + "/whole", "x"));
    ::umask(before);
    EXPECT_EQ(mode(top), 0700u);
    EXPECT_EQ(mode(top + "/below"), 0700u);
    EXPECT_EQ(mode(top + "/whole"), 0600u);
    for (const auto how : {LEVADA_WRITE, LEVADA_APPEND, LEVADA_CREATE})
      EXPECT_EQ(mode(top + "/file" + std::to_string(how)), 0600u) << how;
  }
}

TEST_F(SystemFilesTest, what_was_there_keeps_its_mode) {
  {
    std::ofstream(folder_ + "/file") << "x";
  }
  ::chmod((folder_ + "/file").c_str(), 0644);
  ::chmod(folder_.c_str(), 0755);
  EXPECT_TRUE(files_.make_folder(folder_));
  EXPECT_TRUE(files_.open(folder_ + "/file", LEVADA_APPEND)->write("y"));
  levada_file_info info{};
  EXPECT_EQ(files_.stat(folder_, info), 0);
  EXPECT_EQ(info.mode & 07777, 0755u);
  EXPECT_EQ(files_.stat(folder_ + "/file", info), 0);
  EXPECT_EQ(info.mode & 07777, 0644u);
  EXPECT_EQ(*files_.read_whole(folder_ + "/file"), "xy");
}

TEST_F(SystemFilesTest, a_group_may_read_what_is_shared_with_it) {
  const auto* group = ::getgrgid(::getegid());
  ASSERT_NE(group, nullptr);
  const std::string name = group->gr_name;
  EXPECT_TRUE(files_.open(folder_ + "/file", LEVADA_CREATE));
  EXPECT_TRUE(files_.make_folder(folder_ + "/below"));
  for (const auto* path : {"/file", "/below"}) EXPECT_TRUE(files_.share(folder_ + path, name));
  levada_file_info info{};
  EXPECT_EQ(files_.stat(folder_ + "/file", info), 0);
  EXPECT_EQ(info.mode & 07777, 0640u);
  EXPECT_EQ(files_.stat(folder_ + "/below", info), 0);
  EXPECT_EQ(info.mode & 07777, 0750u);
  EXPECT_EQ(files_.share(folder_ + "/file", "no such group").error().message, "there is no group \"no such group\"");
}

TEST_F(SystemFilesTest, makes_folders_below_what_may_not_be_changed_if_they_are_there) {
  EXPECT_TRUE(files_.make_folder("/proc/self"));
  EXPECT_TRUE(files_.make_folder("/"));
  EXPECT_FALSE(files_.make_folder("/proc/self/no such folder"));
}

}  // namespace
}  // namespace levada::agent

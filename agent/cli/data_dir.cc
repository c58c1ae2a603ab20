#include "agent/cli/data_dir.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "agent/env/system_files.h"
#include "levada/host.h"

namespace levada::agent {
namespace {

constexpr std::string_view kInUse = "in use, or its last user was killed\n";

// Whether what is open is still what the path leads to.
bool is_at(int fd, const std::string& path) {
  struct stat open, there;
  return ::fstat(fd, &open) == 0 && ::stat(path.c_str(), &there) == 0 && open.st_dev == there.st_dev &&
         open.st_ino == there.st_ino;
}

Error cannot(const char* what, const std::string& path) {
  return fatal(std::string(what) + " " + path + ": " + std::strerror(errno));
}

// What root writes into the folder of another user, that user's agent cannot read: it would not
// start any more.
Done check_owner(const std::string& data_dir) {
  struct stat info;
  if (::geteuid() != 0 || ::stat(data_dir.c_str(), &info) < 0 || info.st_uid == 0) return {};
  const passwd* owner = ::getpwuid(info.st_uid);
  const std::string name = owner ? owner->pw_name : "#" + std::to_string(info.st_uid);
  return fatal("the data_dir " + data_dir + " belongs to the user " + name +
               ", whose agent could not read what root writes there: run this as that user, with runuser -u " + name +
               " -- levada ...");
}

}  // namespace

Done become_owner(const std::string& data_dir) {
  struct stat info;
  if (::geteuid() != 0 || ::stat(data_dir.c_str(), &info) < 0 || info.st_uid == 0) return {};
  if (::setgroups(0, nullptr) < 0 || ::setgid(info.st_gid) < 0 || ::setuid(info.st_uid) < 0)
    return cannot("become the owner of", data_dir);
  return {};
}

Done check_used(const std::string& data_dir) {
  const Files files{system_files()};
  const auto never = fatal("no agent has ever run on the data_dir " + data_dir + ": there is nothing to show");
  if (!files.exists(data_dir)) return never;
  const auto entries = files.list(data_dir);
  if (!entries) return entries.error();
  return entries->empty() ? Done(never) : Done();
}

Result<std::unique_ptr<DataDirLock>> DataDirLock::take(const std::string& data_dir) {
  LEVADA_TRY(check_owner(data_dir));
  LEVADA_TRY(Files(system_files()).make_folder(data_dir));
  std::unique_ptr<DataDirLock> made(new DataDirLock(data_dir));
  LEVADA_TRY(made->lock());
  char text[kInUse.size()];
  made->is_after_crash_ = ::pread(made->file_, text, sizeof text, 0) > 0;
  // On a full disk the next start will not know of a kill, and does nothing else about it.
  (void)!::ftruncate(made->file_, 0);
  (void)!::pwrite(made->file_, kInUse.data(), kInUse.size(), 0);
  return made;
}

// The folder itself is locked, so that it does not matter if somebody removes the file; and the
// file, as network file systems lock no folders.
Done DataDirLock::lock() {
  const Error taken = fatal("another agent runs on " + data_dir_ + ": stop it, or give this one a data_dir of its own");
  folder_ = ::open(data_dir_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_ < 0) return cannot("open", data_dir_);
  if (::flock(folder_, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) return taken;
  const std::string path = data_dir_ + "/lock";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file_ < 0) return cannot("open", path);
  if (::flock(file_, LOCK_EX | LOCK_NB) < 0) return errno == EWOULDBLOCK ? taken : cannot("lock", path);
  // Removed between the opening and the locking: the one at the path
  // may be locked by somebody else.
  if (!is_at(folder_, data_dir_) || !is_at(file_, path)) return taken;
  return {};
}

DataDirLock::~DataDirLock() {
  if (file_ >= 0) {
    // If it fails, the next start says that this one was killed, and does nothing else about it.
    (void)!::ftruncate(file_, 0);
    ::close(file_);
  }
  if (folder_ >= 0) ::close(folder_);
}

bool DataDirLock::holds() const { return is_at(folder_, data_dir_); }

}  // namespace levada::agent

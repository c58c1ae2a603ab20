// The file service over POSIX calls. A handle is a file descriptor; that of a watch is two, the second one, which ends a
// wait, shifted by 32 bits.
#include "agent/env/system_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <string>

namespace levada::agent {
namespace {

int64_t result(int64_t value) { return value < 0 ? -errno : value; }

// Calls that a signal may break off are made again.
template <class Call>
int64_t persist(Call call) {
  for (;;) {
    const int64_t value = call();
    if (value >= 0 || errno != EINTR) return result(value);
  }
}

// What the agent makes is for its own user only, whatever the umask is.
constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

int64_t create_file(const char* path, int flags) {
  const auto fd = persist([&] { return ::open(path, flags | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode); });
  if (fd >= 0 && ::fchmod(static_cast<int>(fd), kFileMode) < 0) {
    const int failed = errno;
    ::close(static_cast<int>(fd));
    return -failed;
  }
  return fd;
}

int64_t open_file(void*, const char* path, int32_t how) {
  const int flags = how == LEVADA_READ ? O_RDONLY : how == LEVADA_APPEND ? O_WRONLY | O_APPEND : O_WRONLY;
  for (;;) {
    if (how != LEVADA_CREATE) {
      const auto fd = persist([&] { return ::open(path, flags | O_CLOEXEC); });
      if (fd != -ENOENT || how == LEVADA_READ) return fd;
    }
    const auto made = create_file(path, flags);
    // Somebody else has made it just now.
    if (made != -EEXIST || how == LEVADA_CREATE) return made;
  }
}

int waker_of(int64_t watch) { return static_cast<int>(watch >> 32); }

int64_t close_file(void*, int64_t handle) {
  if (waker_of(handle) != 0) ::close(waker_of(handle));
  return result(::close(static_cast<int>(handle)));
}

int64_t read_file(void*, int64_t handle, void* to, size_t bytes, uint64_t offset) {
  return persist([&] { return ::pread(static_cast<int>(handle), to, bytes, static_cast<off_t>(offset)); });
}

int64_t write_file(void*, int64_t handle, const levada_bytes* parts, size_t count) {
  iovec vectors[64];
  const size_t taken = std::min(count, std::size(vectors));
  for (size_t at = 0; at < taken; ++at) vectors[at] = {const_cast<char*>(parts[at].data), parts[at].size};
  return persist([&] { return ::writev(static_cast<int>(handle), vectors, static_cast<int>(taken)); });
}

int64_t sync_file(void*, int64_t handle) { return result(::fdatasync(static_cast<int>(handle))); }

int64_t truncate_file(void*, int64_t handle, uint64_t bytes) {
  const auto fd = static_cast<int>(handle);
  const auto done = persist([&] { return ::ftruncate(fd, static_cast<off_t>(bytes)); });
  return done < 0 ? done : std::min<int64_t>(0, result(::lseek(fd, static_cast<off_t>(bytes), SEEK_SET)));
}

int64_t nanoseconds_of(const statx_timestamp& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

// Of a path, or of an open file if the path is empty.
int64_t describe(int file, const char* path, int flags, levada_file_info* to) {
  struct statx found;
  if (::statx(file, path, flags, STATX_BASIC_STATS | STATX_BTIME, &found) < 0) return -errno;
  to->mode = found.stx_mode;
  to->device = makedev(found.stx_dev_major, found.stx_dev_minor);
  to->inode = found.stx_ino;
  to->bytes = found.stx_size;
  to->modified_ns = nanoseconds_of(found.stx_mtime);
  to->changed_ns = nanoseconds_of(found.stx_ctime);
  to->born_ns = found.stx_mask & STATX_BTIME ? nanoseconds_of(found.stx_btime) : 0;
  return 0;
}

int64_t file_info(void*, int64_t handle, levada_file_info* info) {
  return describe(static_cast<int>(handle), "", AT_EMPTY_PATH, info);
}

int64_t stat_path(void*, const char* path, levada_file_info* info) { return describe(AT_FDCWD, path, 0, info); }

int64_t list_folder(void*, const char* folder, void (*entry)(void*, const char*, int32_t), void* to) {
  DIR* opened = ::opendir(folder);
  if (!opened) return -errno;
  errno = 0;
  while (const dirent* found = ::readdir(opened)) {
    const std::string_view name = found->d_name;
    if (name == "." || name == "..") continue;
    bool is_folder = found->d_type == DT_DIR;
    if (found->d_type == DT_UNKNOWN || found->d_type == DT_LNK) {
      struct stat info;
      is_folder = ::stat((std::string(folder) + "/" + found->d_name).c_str(), &info) == 0 && S_ISDIR(info.st_mode);
    }
    entry(to, found->d_name, is_folder);
    errno = 0;
  }
  const int64_t failed = -errno;
  ::closedir(opened);
  return failed;
}

int64_t sync_folder(void*, const char* path) {
  const int fd = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  const auto done = result(::fsync(fd));
  ::close(fd);
  return done;
}

std::string parent_of(const std::string& path) {
  const auto last = path.find_last_not_of('/');
  const auto slash = last == std::string::npos ? 0 : path.find_last_of('/', last);
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Each folder is durable before something is made in it. The one that was there may be of a process that was killed
// behind mkdir, so its parent is synced, too; as far as that is possible: it may be anybody's.
int64_t make_folder(void* context, const char* path) {
  std::string made;
  std::string there;
  for (const char* at = path; *at;) {
    const char* slash = std::find(at + 1, at + std::char_traits<char>::length(at), '/');
    made.append(at, slash);
    at = slash;
    if (::mkdir(made.c_str(), kFolderMode) < 0) {
      // Read-only parents say EROFS or EACCES rather than EEXIST.
      const int failed = errno;
      struct stat info;
      if (::stat(made.c_str(), &info) < 0) return -failed;
      if (!S_ISDIR(info.st_mode)) return -ENOTDIR;
      there = made;
      continue;
    }
    if (::chmod(made.c_str(), kFolderMode) < 0) return -errno;
    if (!there.empty()) sync_folder(context, parent_of(there).c_str());
    there.clear();
    if (const auto synced = sync_folder(context, parent_of(made).c_str()); synced < 0) return synced;
  }
  if (!there.empty()) sync_folder(context, parent_of(there).c_str());
  return 0;
}

int64_t rename_path(void*, const char* from, const char* to) { return result(::rename(from, to)); }
int64_t link_path(void*, const char* from, const char* to) { return result(::link(from, to)); }

int64_t remove_path(void*, const char* path) { return result(::remove(path)); }

int64_t free_bytes(void*, const char* path) {
  struct statvfs info;
  if (::statvfs(path, &info) < 0) return -errno;
  return static_cast<int64_t>(info.f_bavail * info.f_frsize);
}

// Changes that other machines make on these are not told to this one.
bool is_network_folder(const char* folder) {
  constexpr uint32_t kNetwork[] = {0x6969,     0xff534d42, 0xfe534d42, 0x517b,
                                   0x65735546, 0x01021997, 0x00c36400, 0x0bd00bd0};
  struct statfs info;
  if (::statfs(folder, &info) < 0) return false;
  return std::find(std::begin(kNetwork), std::end(kNetwork), static_cast<uint32_t>(info.f_type)) != std::end(kNetwork);
}

int64_t watch_folder(void*, const char* folder) {
  if (is_network_folder(folder)) return -ENOTSUP;
  const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0) return -ENOTSUP;
  if (::inotify_add_watch(fd, folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ATTRIB) < 0) {
    const int failed = errno;
    ::close(fd);
    return failed == ENOSPC ? -ENOTSUP : -failed;
  }
  const int waker = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (waker < 0) {
    ::close(fd);
    return -ENOTSUP;
  }
  return int64_t{waker} << 32 | fd;
}

int64_t wait_for_change(void*, int64_t watch, int64_t timeout_ns) {
  pollfd waiting[] = {{static_cast<int>(watch), POLLIN, 0}, {waker_of(watch), POLLIN, 0}};
  const timespec timeout{timeout_ns / 1'000'000'000, timeout_ns % 1'000'000'000};
  if (::ppoll(waiting, std::size(waiting), &timeout, nullptr) < 0) return errno == EINTR ? 0 : -errno;
  eventfd_t woken;
  if (waiting[1].revents) (void)::eventfd_read(waiting[1].fd, &woken);
  alignas(inotify_event) char events[4096];
  while (waiting[0].revents && ::read(waiting[0].fd, events, sizeof events) > 0) {
  }
  return waiting[0].revents != 0;
}

int64_t end_wait(void*, int64_t watch) { return result(::eventfd_write(waker_of(watch), 1)); }

int64_t share_path(void*, const char* path, const char* group) {
  char buffer[16384];
  struct group entry;
  struct group* found = nullptr;
  if (const int failed = ::getgrnam_r(group, &entry, buffer, sizeof buffer, &found)) return -failed;
  struct stat info;
  if (!found) return -EINVAL;
  if (::stat(path, &info) < 0 || ::chown(path, static_cast<uid_t>(-1), found->gr_gid) < 0) return -errno;
  return result(::chmod(path, S_ISDIR(info.st_mode) ? kFolderMode | 0050 : kFileMode | 0040));
}

// A folder, or a file to write, which is made if it is missing.
int64_t open_to_lock(void* context, const char* path) {
  const auto folder = persist([&] { return ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  return folder == -ENOTDIR || folder == -ENOENT ? open_file(context, path, LEVADA_WRITE) : folder;
}

// Whoever removes the file takes the lock with it: what is locked is what the path names then.
int64_t lock_file(void* context, const char* path) {
  for (;;) {
    const int64_t fd = open_to_lock(context, path);
    if (fd < 0) return fd;
    const auto locked = persist([&] { return ::flock(static_cast<int>(fd), LOCK_EX | LOCK_NB); });
    struct stat own, named;
    if (locked < 0 || ::fstat(static_cast<int>(fd), &own) < 0) {
      ::close(static_cast<int>(fd));
      // Network file systems have none, or none for folders.
      const bool is_unsupported = locked == -ENOLCK || locked == -EBADF || locked == -EINVAL;
      return is_unsupported ? -ENOTSUP : locked < 0 ? locked : -EIO;
    }
    if (::stat(path, &named) == 0 && own.st_dev == named.st_dev && own.st_ino == named.st_ino) return fd;
    ::close(static_cast<int>(fd));
  }
}

// A read lease is given only while nobody has the file open for writing.
int64_t is_written(void*, int64_t handle) {
  const auto fd = static_cast<int>(handle);
  // Whoever opens the file meanwhile makes the kernel send a signal: one that nobody minds.
  if (::fcntl(fd, F_SETSIG, SIGURG) < 0) return -ENOTSUP;
  if (::fcntl(fd, F_SETLEASE, F_RDLCK) < 0) return errno == EAGAIN ? 1 : -ENOTSUP;
  ::fcntl(fd, F_SETLEASE, F_UNLCK);
  return 0;
}

}  // namespace

const levada_files* system_files() {
  static const levada_files table = {
      sizeof table,  nullptr,     open_file,  close_file,   read_file,       write_file, sync_file,
      truncate_file, file_info,   stat_path,  list_folder,  make_folder,     rename_path, link_path,
      remove_path,   sync_folder, free_bytes, watch_folder, wait_for_change, end_wait,   lock_file,
      is_written,    share_path};
  return &table;
}

}  // namespace levada::agent

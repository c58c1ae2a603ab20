/* A disk that loses power: preloaded into a program, it notes what was done below FORGETFUL_ROOT
 * and has not been synced. power_cut.py undoes it when the program is dead. Nothing is really
 * synced.
 *
 * The notes in FORGETFUL_NOTES, one a line, fields with tabs between; `kept` is a second link, or a
 * copy, in FORGETFUL_NOTES.d:
 *   write  inode  bytes before  path      the first write behind a sync
 *   cut    inode  kept          path      the file is made shorter
 *   sync   inode
 *   make   inode  path                    a file or a folder
 *   rename inode  from  to  kept or -     `kept` is what was at `to`
 *   remove inode  path  kept or -         - for a folder
 *   link   inode  path
 *   folder path                           its entries were synced */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PATH 4096
#define DIRTY 65536

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static ino_t dirty[DIRTY]; /* Files with a write behind their last sync. */
static size_t dirty_count;
static int notes = -1;
static long kept_count;

static void note(const char* format, ...) {
  char line[4 * PATH];
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (notes < 0) {
    const char* path = getenv("FORGETFUL_NOTES");
    notes = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (notes < 0) abort();
  }
  if (length < 0 || (size_t)length >= sizeof line || syscall(SYS_write, notes, line, (size_t)length) != length) abort();
}

/* The absolute path, where it is one that counts; else null. */
static const char* counted(const char* path, char* absolute) {
  const char* root = getenv("FORGETFUL_ROOT");
  if (!root) return NULL;
  if (path[0] == '/') {
    snprintf(absolute, PATH, "%s", path);
  } else {
    char folder[PATH / 2];
    if (!getcwd(folder, sizeof folder)) return NULL;
    snprintf(absolute, PATH, "%s/%s", folder, path);
  }
  return strncmp(absolute, root, strlen(root)) == 0 ? absolute : NULL;
}

static const char* counted_file(int fd, char* absolute, struct stat* info) {
  char link[64], path[PATH];
  if (fstat(fd, info) < 0 || !(S_ISREG(info->st_mode) || S_ISDIR(info->st_mode))) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return NULL;
  path[length] = '\0';
  return counted(path, absolute);
}

/* A second link to the file or socket, which outlives its name. "-" where there is none. */
static const char* keep(const char* path, char* kept) {
  struct stat info;
  if (lstat(path, &info) < 0 || !(S_ISREG(info.st_mode) || S_ISSOCK(info.st_mode))) return "-";
  snprintf(kept, PATH, "%s.d/%d-%ld", getenv("FORGETFUL_NOTES"), (int)getpid(), kept_count++);
  if (syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, kept, 0) < 0) abort();
  return kept;
}

static const char* copy(int fd, char* kept) {
  char buffer[65536];
  char link[64];
  snprintf(kept, PATH, "%s.d/%d-%ld", getenv("FORGETFUL_NOTES"), (int)getpid(), kept_count++);
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const int from = (int)syscall(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
  const int to = (int)syscall(SYS_openat, AT_FDCWD, kept, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (from < 0 || to < 0) abort();
  for (long got; (got = syscall(SYS_read, from, buffer, sizeof buffer)) > 0;)
    if (syscall(SYS_write, to, buffer, (size_t)got) != got) abort();
  syscall(SYS_close, from);
  syscall(SYS_close, to);
  return kept;
}

static int is_dirty(ino_t inode) {
  for (size_t at = 0; at < dirty_count; ++at)
    if (dirty[at] == inode) return 1;
  return 0;
}

static void before_write(int fd) {
  char path[PATH];
  struct stat info;
  if (!counted_file(fd, path, &info) || !S_ISREG(info.st_mode) || is_dirty(info.st_ino)) return;
  if (dirty_count == DIRTY) abort();
  dirty[dirty_count++] = info.st_ino;
  note("write\t%lu\t%lu\t%s\n", (unsigned long)info.st_ino, (unsigned long)info.st_size, path);
}

/* As long as a disk takes: power is mostly cut while somebody waits for it. */
static int sync_it(int fd) {
  char path[PATH];
  struct stat info;
  const struct timespec wait = {0, 2000000};
  nanosleep(&wait, NULL);
  pthread_mutex_lock(&mutex);
  if (counted_file(fd, path, &info)) {
    if (S_ISDIR(info.st_mode)) {
      note("folder\t%s\n", path);
    } else {
      for (size_t at = 0; at < dirty_count; ++at)
        if (dirty[at] == info.st_ino) dirty[at--] = dirty[--dirty_count];
      note("sync\t%lu\n", (unsigned long)info.st_ino);
    }
  }
  pthread_mutex_unlock(&mutex);
  return 0;
}

int fsync(int fd) { return sync_it(fd); }
int fdatasync(int fd) { return sync_it(fd); }

ssize_t write(int fd, const void* data, size_t size) {
  pthread_mutex_lock(&mutex);
  before_write(fd);
  const ssize_t done = syscall(SYS_write, fd, data, size);
  pthread_mutex_unlock(&mutex);
  return done;
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  pthread_mutex_lock(&mutex);
  before_write(fd);
  const ssize_t done = syscall(SYS_writev, fd, parts, count);
  pthread_mutex_unlock(&mutex);
  return done;
}

int ftruncate(int fd, off_t size) {
  char path[PATH], kept[PATH];
  struct stat info;
  pthread_mutex_lock(&mutex);
  if (counted_file(fd, path, &info) && info.st_size > size)
    note("cut\t%lu\t%s\t%s\n", (unsigned long)info.st_ino, copy(fd, kept), path);
  const int done = (int)syscall(SYS_ftruncate, fd, size);
  pthread_mutex_unlock(&mutex);
  return done;
}

int open(const char* path, int flags, ...) {
  char absolute[PATH];
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  pthread_mutex_lock(&mutex);
  struct stat info;
  const int makes = (flags & O_CREAT) && counted(path, absolute) && stat(path, &info) < 0;
  const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
  if (makes && fd >= 0 && fstat(fd, &info) == 0) note("make\t%lu\t%s\n", (unsigned long)info.st_ino, absolute);
  pthread_mutex_unlock(&mutex);
  return fd;
}
int open64(const char* path, int flags, ...) __attribute__((alias("open")));

int mkdir(const char* path, mode_t mode) {
  char absolute[PATH];
  struct stat info;
  pthread_mutex_lock(&mutex);
  const int done = (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
  if (done == 0 && counted(path, absolute) && stat(path, &info) == 0)
    note("make\t%lu\t%s\n", (unsigned long)info.st_ino, absolute);
  pthread_mutex_unlock(&mutex);
  return done;
}

int rename(const char* from, const char* to) {
  char source[PATH], target[PATH], kept[PATH];
  struct stat info;
  pthread_mutex_lock(&mutex);
  if (counted(from, source) && counted(to, target) && lstat(from, &info) == 0)
    note("rename\t%lu\t%s\t%s\t%s\n", (unsigned long)info.st_ino, source, target, keep(to, kept));
  const int done = (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
  pthread_mutex_unlock(&mutex);
  return done;
}

int link(const char* from, const char* to) {
  char absolute[PATH];
  struct stat info;
  pthread_mutex_lock(&mutex);
  const int done = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
  if (done == 0 && counted(to, absolute) && lstat(to, &info) == 0)
    note("link\t%lu\t%s\n", (unsigned long)info.st_ino, absolute);
  pthread_mutex_unlock(&mutex);
  return done;
}

static int remove_it(const char* path, int flags) {
  char absolute[PATH], kept[PATH];
  struct stat info;
  pthread_mutex_lock(&mutex);
  if (counted(path, absolute) && lstat(path, &info) == 0)
    note("remove\t%lu\t%s\t%s\n", (unsigned long)info.st_ino, absolute, keep(path, kept));
  const int done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, flags);
  pthread_mutex_unlock(&mutex);
  return done;
}
int unlink(const char* path) { return remove_it(path, 0); }
int rmdir(const char* path) { return remove_it(path, AT_REMOVEDIR); }
int remove(const char* path) {
  const int done = remove_it(path, 0);
  return done < 0 && errno == EISDIR ? remove_it(path, AT_REMOVEDIR) : done;
}

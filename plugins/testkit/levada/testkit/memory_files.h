// The host's file system, in memory: a test can break any call of it, fill it up, and pull the plug.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "levada/plugin.h"
#include "levada/testkit/manual_clock.h"
#include "levada/testkit/memory_tree.h"

namespace levada::testkit {

// What a crash takes away. Bytes are safe after sync of their file; creations, renames and removals after
// sync_folder of each folder that they change; new folders at once, as journaling file systems have it once anything in
// them is synced.
enum class Lose {
  nothing,   // The process dies, the machine runs on.
  unsynced,  // All that was not synced.
  torn       // Some of it: of each file and each folder the first so many changes survive, a write perhaps in part.
};

class MemoryFiles {
 public:
  explicit MemoryFiles(ManualClock& clock, uint64_t seed = 1);
  MemoryFiles(const MemoryFiles&) = delete;
  MemoryFiles& operator=(const MemoryFiles&) = delete;

  const levada_files* table() const { return &table_; }

  // What the rest of the bench does. It never fails, counts as no call, and is durable at once. A file that is there
  // keeps its inode; folders are made as needed; a path that is not there is left alone.
  void write_file(std::string_view path, std::string_view text);
  void append_file(std::string_view path, std::string_view text);
  void remove_file(std::string_view path);
  void rename_file(std::string_view from, std::string_view to);
  void make_folders(std::string_view path);
  // The folder becomes a file system of its own: renames and links across its border give EXDEV.
  void mount(std::string_view folder);
  // Without 0400 it cannot be read or listed, without 0200 not be written.
  void set_mode(std::string_view path, uint32_t permissions);
  void set_modified(std::string_view path, std::chrono::nanoseconds since_1970);

  void reuse_inode(uint64_t inode);  // The next file or folder that is made gets it.
  void set_births(bool kept);        // False: the file system does not know when files were made.
  // Someone else has the file open for writing, or no more.
  void set_writer(std::string_view path, bool has_one);
  void set_telling_writers(bool supported);  // False: is_written gives ENOTSUP.

  // What a test looks at.
  std::string read_file(std::string_view path) const;  // "<missing>" where there is none.
  bool exists(std::string_view path) const;
  uint64_t inode(std::string_view path) const;        // 0 where there is none.
  std::string group_of(std::string_view path) const;  // Whose members may read it, or "". There is no group "missing".
  std::vector<std::string> paths() const;             // Of all files, sorted.
  int64_t open_handles() const;

  // Faults. Calls are counted from now: 1 is the next one. Every call counts but close, wait and wake.
  void fail_call(int64_t n, int error);    // It does nothing and fails, once.
  void short_write_at(int64_t n);          // The n-th write from now writes half of its bytes.
  void crash_at(int64_t n);                // It and all after it do nothing and fail with EIO, until crash().
  int64_t calls() const;                   // So far.
  void crash(Lose lose = Lose::unsynced);  // Handles are dead, no fault is set.
  void set_free_bytes(uint64_t bytes);     // What is written from now on uses them up: then ENOSPC.
  void set_watching(bool supported);       // False: watch gives ENOTSUP.

 private:
  struct Handle {
    NodePointer node;
    int32_t how;
    uint64_t position;
    uint64_t seen;  // The version of the folder that a watch reported last.
    bool woken;     // The next wait of a watch ends at once.
  };
  // A name in a folder; the folder is null where the path to it is missing.
  struct Place {
    NodePointer folder;
    std::string name;
    NodePointer node;
    int64_t error;
  };
  // What a handle is for, beside LEVADA_READ and its like.
  static constexpr int32_t kWatch = -1;
  static constexpr int32_t kLock = -2;

  // Runs a call of the table under the lock, unless a fault hits it.
  template <class Body>
  static int64_t call(void* self, Body body);
  int64_t fault();
  void fill_in_table();

  NodePointer find(std::string_view path) const;
  Place place(std::string_view path) const;
  NodePointer make(const NodePointer& folder, bool is_folder);
  NodePointer folder_at(std::string_view path);
  Handle* handle(int64_t number);
  uint64_t used_bytes() const;
  uint64_t free_bytes() const;
  int64_t describe(const Node& node, levada_file_info& info) const;
  int64_t open(const char* path, int32_t how);
  int64_t write(int64_t handle, const levada_bytes* parts, size_t count);
  int64_t make_folder(const char* path);
  int64_t rename(const char* from, const char* to);
  int64_t link(const char* from, const char* to);
  int64_t remove(const char* path);
  int64_t watch(const char* folder);
  int64_t wait(int64_t watch, int64_t timeout_ns);
  int64_t lock(const char* path);
  int64_t is_written(int64_t handle);

  ManualClock& clock_;
  levada_files table_{};
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  NodePointer root_;
  uint64_t next_inode_ = 2;
  uint64_t next_device_ = 2;
  std::map<int64_t, Handle> handles_;
  int64_t next_handle_ = 3;

  int64_t calls_ = 0;
  int64_t writes_ = 0;
  std::map<int64_t, int> failing_calls_;
  std::optional<int64_t> short_write_;
  std::optional<int64_t> crash_call_;
  std::optional<uint64_t> capacity_;
  bool watching_ = true;
  bool births_ = true;
  bool tells_writers_ = true;
  int64_t last_born_ns_ = 0;
  std::optional<uint64_t> next_inode_given_;
};

}  // namespace levada::testkit

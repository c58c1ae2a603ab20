// The files and folders of a MemoryFiles, each with what it looks like now and what a power cut would leave of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace levada::testkit {

struct Node;
using NodePointer = std::shared_ptr<Node>;
using Entries = std::map<std::string, NodePointer, std::less<>>;

// Something was done to a file's bytes, or to a folder's entries, and has not been synced.
struct Write {
  uint64_t offset;
  std::string bytes;
  bool truncates;  // To `offset`.
};
using Change = std::vector<std::pair<std::string, NodePointer>>;  // Null: the name is gone. All of it or nothing.

struct Node {
  Node(uint64_t device_number, uint64_t inode_number, bool folder)
      : device(device_number), inode(inode_number), is_folder(folder), mode(folder ? 0700 : 0600) {}

  uint64_t device, inode;
  bool is_folder;
  uint32_t mode;      // Permissions only.
  std::string group;  // Whose members may read it; empty where there is none.
  int64_t modified_ns = 0, changed_ns = 0;
  int64_t born_ns = 0;      // Differs from that of every other file and folder.
  bool has_writer = false;  // Someone else has it open for writing.

  std::string bytes, durable_bytes;
  std::vector<Write> unsynced_writes;

  Entries entries, durable_entries;
  std::vector<Change> unsynced_changes;
  uint64_t version = 0;  // Of what a watch of the folder would report: files that came or were written.

  void write(uint64_t offset, std::string_view text);
  void truncate(uint64_t size);
  void change(Change change);
  void sync();
  // Goes back to what was synced; with a generator, also to some of what came after it: the first so many operations,
  // the last of them perhaps in part.
  void lose_unsynced(std::mt19937_64* torn);
};

// The parts of a path; "." and empty ones go, ".." takes the one before it along.
std::vector<std::string> parts_of(std::string_view path);

}  // namespace levada::testkit

// Which file a file is: by its inode, its time of birth, and fingerprints of what is in it.
#pragma once

#include <cstdint>
#include <string>

#include "levada/host.h"

namespace levada::rows {

// So much of a file's beginning, and of the end of what was read of it, makes its fingerprint.
inline constexpr size_t kHeadBytes = 1024;

// No two files that are there at one time have the same.
struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t link = 0;  // 0, or of the name: a second name of a file that has its first one still makes another file.
  bool operator==(const FileId&) const = default;
};
struct FileIdHash {
  size_t operator()(const FileId& id) const { return id.inode * 0x9e3779b97f4a7c15 ^ id.device ^ id.link; }
};

// Tells a file from another that had the same inode, or has the same name, at another time.
struct Identity {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t head = 0;        // XXH3 of the first head_bytes bytes.
  uint32_t head_bytes = 0;  // kHeadBytes, or what there was when the file was taken.
  int64_t born_ns = 0;      // See levada_file_info.
  uint64_t end = 0;         // So many bytes of the file had been read when `tail` was taken; 0: it was not.
  uint64_t tail = 0;        // XXH3 of the last kHeadBytes before `end`.
  uint64_t link = 0;        // See FileId.
};

inline FileId id_of(const levada_file_info& info, uint64_t link = 0) { return {info.device, info.inode, link}; }
inline FileId id_of(const Identity& identity) { return {identity.device, identity.inode, identity.link}; }
// Whether it is certainly another file, though it has the inode.
inline bool born_apart(const Identity& identity, const levada_file_info& info) {
  return identity.born_ns != 0 && info.born_ns != 0 && identity.born_ns != info.born_ns;
}

struct Head {
  Identity identity;
  std::string bytes;  // The first ones, as they stand on disk.
};

// Reads the head of an open file.
Result<Head> read_head(File& file, const levada_file_info& info);

// Extends the identity by the end of what has been read of the file. Where that
// cannot be read it stays as it is.
void extend(Identity& identity, File& file, uint64_t end);

// Whether the file is the one of that identity, which has perhaps grown or shrunk since.
Result<bool> is_same(File& file, const levada_file_info& info, const Head& head, const Identity& identity);
// Whether it has what was read of that file, whichever file it is: a copy has.
Result<bool> has_content_of(File& file, const levada_file_info& info, const Head& head, const Identity& identity);

}  // namespace levada::rows

// What is known of a file: which one it is, and how far it has been read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "levada/host.h"

namespace levada::spool {

inline constexpr size_t kHeadBytes = 1024;

// Tells a file from another that comes under its name: names and inodes are used again, so its first bytes count too.
struct Identity {
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t head = 0;        // XXH3 of the first head_bytes bytes.
  uint32_t head_bytes = 0;  // kHeadBytes, or what there was when the file was taken.
};

// A place in what a file holds once it is decompressed.
struct Place {
  uint64_t offset = 0;
  bool in_array = false;     // JSON: between the elements of an array.
  bool in_long_row = false;  // In what is left of a row that was too long.
};

// A file read in one go: from its start or from where the last pass ended, to its end or to where reading failed.
// Passes are numbered in the order in which their rows came, and come again in that order after a crash.
struct Pass {
  uint64_t number = 0;
  std::string file;  // Path below the folder.
  Identity identity;
  Place from;
  std::optional<Place> to;  // Once it has ended.
  // Once it has ended: what the file looked like.
  uint64_t bytes = 0;
  int64_t modified_ns = 0;
  bool finished = false;   // It ended because the file did.
  bool damaged = false;    // What is compressed in it broke off.
  bool set_aside = false;  // It was changed afterwards, and gets another name instead of being completed.
};

struct Head {
  Identity identity;
  std::string bytes;  // The first ones, as they stand on disk.
};

// Reads the head of an open file.
Result<Head> read_head(File& file, const levada_file_info& info);

// Whether a file that begins so is the one of that identity, which has perhaps grown since.
bool is_same(const Head& head, const Identity& identity);

}  // namespace levada::spool

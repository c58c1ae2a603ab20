// The fingerprint of a file's head.
#include "spooled_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace levada::spool {

Result<Head> read_head(File& file, const levada_file_info& info) {
  Head head;
  head.bytes.resize(std::min<uint64_t>(kHeadBytes, info.bytes));
  size_t used = 0;
  while (used < head.bytes.size()) {
    auto got = file.read(head.bytes.data() + used, head.bytes.size() - used, used);
    if (!got) return std::move(got).error();
    if (*got == 0) break;
    used += *got;
  }
  head.bytes.resize(used);
  head.identity = {info.device, info.inode, XXH3_64bits(head.bytes.data(), used), static_cast<uint32_t>(used)};
  return head;
}

bool is_same(const Head& head, const Identity& identity) {
  // The device is left out: its number may change when a file system is mounted again.
  return head.identity.inode == identity.inode && head.bytes.size() >= identity.head_bytes &&
         XXH3_64bits(head.bytes.data(), identity.head_bytes) == identity.head;
}

}  // namespace levada::spool

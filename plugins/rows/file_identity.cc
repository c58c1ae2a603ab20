#include "rows/file_identity.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace levada::rows {

namespace {

Result<std::string> read_part(File& file, uint64_t offset, size_t bytes) {
  std::string part(bytes, '\0');
  size_t used = 0;
  while (used < bytes) {
    auto got = file.read(part.data() + used, bytes - used, offset + used);
    if (!got) return std::move(got).error();
    if (*got == 0) break;
    used += *got;
  }
  part.resize(used);
  return part;
}

Result<uint64_t> tail_of(File& file, uint64_t end) {
  const auto bytes = std::min<uint64_t>(kHeadBytes, end);
  auto part = read_part(file, end - bytes, bytes);
  if (!part) return std::move(part).error();
  return uint64_t{XXH3_64bits(part->data(), part->size())};
}

}  // namespace

Result<Head> read_head(File& file, const levada_file_info& info) {
  auto bytes = read_part(file, 0, std::min<uint64_t>(kHeadBytes, info.bytes));
  if (!bytes) return std::move(bytes).error();
  Head head;
  head.bytes = std::move(*bytes);
  head.identity.device = info.device;
  head.identity.inode = info.inode;
  head.identity.head = XXH3_64bits(head.bytes.data(), head.bytes.size());
  head.identity.head_bytes = static_cast<uint32_t>(head.bytes.size());
  head.identity.born_ns = info.born_ns;
  return head;
}

void extend(Identity& identity, File& file, uint64_t end) {
  if (end <= identity.head_bytes) return;
  const auto tail = tail_of(file, end);
  if (!tail) return;
  identity.end = end;
  identity.tail = *tail;
}

Result<bool> is_same(File& file, const levada_file_info& info, const Head& head, const Identity& identity) {
  // The device is left out: its number may change when a file system is mounted again.
  if (info.inode != identity.inode || born_apart(identity, info)) return false;
  return has_content_of(file, info, head, identity);
}

Result<bool> has_content_of(File& file, const levada_file_info& info, const Head& head, const Identity& identity) {
  if (head.bytes.size() < identity.head_bytes) return false;
  if (XXH3_64bits(head.bytes.data(), identity.head_bytes) != identity.head) return false;
  if (identity.end == 0 || info.bytes < identity.end) return true;
  const auto tail = tail_of(file, identity.end);
  if (!tail) return tail.error();
  return *tail == identity.tail;
}

}  // namespace levada::rows

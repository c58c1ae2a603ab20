// Files and folders in memory that know what of them was synced.
#include "levada/testkit/memory_tree.h"

#include <algorithm>

namespace levada::testkit {

namespace {

void redo(const Write& write, std::string& bytes) {
  if (write.truncates) return bytes.resize(write.offset);
  if (bytes.size() < write.offset + write.bytes.size()) bytes.resize(write.offset + write.bytes.size());
  std::copy(write.bytes.begin(), write.bytes.end(), bytes.begin() + static_cast<std::ptrdiff_t>(write.offset));
}

void redo(const Change& change, Entries& entries) {
  for (const auto& [name, node] : change) {
    if (node) {
      entries[name] = node;
    } else {
      entries.erase(name);
    }
  }
}

}  // namespace

void Node::write(uint64_t offset, std::string_view text) {
  unsynced_writes.push_back({offset, std::string(text), false});
  redo(unsynced_writes.back(), bytes);
}

void Node::truncate(uint64_t size) {
  unsynced_writes.push_back({size, {}, true});
  redo(unsynced_writes.back(), bytes);
}

void Node::change(Change change) {
  redo(change, entries);
  for (const auto& [name, node] : change) version += node != nullptr;
  unsynced_changes.push_back(std::move(change));
}

void Node::sync() {
  if (is_folder) {
    durable_entries = entries;
    unsynced_changes.clear();
    return;
  }
  for (const auto& write : unsynced_writes) redo(write, durable_bytes);
  unsynced_writes.clear();
}

void Node::lose_unsynced(std::mt19937_64* torn) {
  if (torn) {
    const auto upto = [&](size_t most) { return std::uniform_int_distribution<size_t>(0, most)(*torn); };
    const size_t changes = upto(unsynced_changes.size());
    for (size_t at = 0; at < changes; ++at) redo(unsynced_changes[at], durable_entries);
    const size_t writes = upto(unsynced_writes.size());
    for (size_t at = 0; at < writes; ++at) redo(unsynced_writes[at], durable_bytes);
    if (writes < unsynced_writes.size() && !unsynced_writes[writes].truncates) {
      Write part = unsynced_writes[writes];
      part.bytes.resize(upto(part.bytes.size()));
      if (!part.bytes.empty()) redo(part, durable_bytes);
    }
  }
  bytes = durable_bytes;
  entries = durable_entries;
  unsynced_writes.clear();
  unsynced_changes.clear();
  ++version;
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const auto part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.emplace_back(part);
    } else if (!parts.empty()) {
      parts.pop_back();
    }
  }
  return parts;
}

}  // namespace levada::testkit

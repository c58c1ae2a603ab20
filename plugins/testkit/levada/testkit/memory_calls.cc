// The calls of levada_files, one by one, as a POSIX system would answer them.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "levada/testkit/memory_files.h"

namespace levada::testkit {

template <class Body>
int64_t MemoryFiles::call(void* self, Body body) {
  auto& files = *static_cast<MemoryFiles*>(self);
  const std::lock_guard lock(files.mutex_);
  if (const auto error = files.fault()) return error;
  return body(files);
}

int64_t MemoryFiles::describe(const Node& node, levada_file_info& info) const {
  info.mode = node.mode | static_cast<uint32_t>(node.is_folder ? S_IFDIR : S_IFREG);
  info.device = node.device;
  info.inode = node.inode;
  info.bytes = node.bytes.size();
  info.modified_ns = node.modified_ns;
  info.changed_ns = node.changed_ns;
  info.born_ns = births_ ? node.born_ns : 0;
  return 0;
}

int64_t MemoryFiles::open(const char* path, int32_t how) {
  auto at = place(path);
  if (!at.folder) return at.node ? -EISDIR : at.error;
  if (at.node && how == LEVADA_CREATE) return -EEXIST;
  if (!at.node && how == LEVADA_READ) return -ENOENT;
  if (!at.node) {
    if (!(at.folder->mode & 0200)) return -EACCES;
    at.node = make(at.folder, false);
    at.folder->change({{at.name, at.node}});
  }
  if (at.node->is_folder) return -EISDIR;
  if (!(at.node->mode & (how == LEVADA_READ ? 0400u : 0200u))) return -EACCES;
  const auto number = next_handle_++;
  handles_[number] = {at.node, how, 0, 0, false};
  return number;
}

int64_t MemoryFiles::write(int64_t number, const levada_bytes* parts, size_t count) {
  auto* open = handle(number);
  if (!open || open->how <= LEVADA_READ) return -EBADF;
  std::string text;
  for (size_t at = 0; at < count; ++at) text.append(parts[at].data, parts[at].size);
  if (text.empty()) return 0;
  if (++writes_ == short_write_) {
    text.resize(std::max<size_t>(text.size() / 2, 1));
    short_write_.reset();
  }
  Node& node = *open->node;
  const uint64_t offset = open->how == LEVADA_APPEND ? node.bytes.size() : open->position;
  const uint64_t there = offset < node.bytes.size() ? node.bytes.size() - offset : 0;
  if (capacity_ && text.size() > there + free_bytes()) text.resize(there + free_bytes());
  if (text.empty()) return -ENOSPC;
  node.write(offset, text);
  node.modified_ns = node.changed_ns = clock_.now().count();
  open->position = offset + text.size();
  return static_cast<int64_t>(text.size());
}

int64_t MemoryFiles::make_folder(const char* path) {
  NodePointer node = root_;
  for (const auto& part : parts_of(path)) {
    const auto entry = node->entries.find(part);
    if (entry == node->entries.end()) break;
    node = entry->second;
    if (!node->is_folder) return -ENOTDIR;
  }
  folder_at(path);
  return 0;
}

int64_t MemoryFiles::rename(const char* from, const char* to) {
  const auto source = place(from);
  const auto target = place(to);
  if (!source.folder) return source.error;
  if (!target.folder) return target.error;
  if (!source.node) return -ENOENT;
  if (source.node->device != target.folder->device) return -EXDEV;
  if (target.node == source.node) return 0;
  if (target.node) {
    if (target.node->is_folder && !source.node->is_folder) return -EISDIR;
    if (!target.node->is_folder && source.node->is_folder) return -ENOTDIR;
    if (target.node->is_folder && !target.node->entries.empty()) return -ENOTEMPTY;
  }
  if (source.folder == target.folder) {
    source.folder->change({{source.name, nullptr}, {target.name, source.node}});
  } else {
    target.folder->change({{target.name, source.node}});
    source.folder->change({{source.name, nullptr}});
  }
  source.node->changed_ns = clock_.now().count();
  return 0;
}

int64_t MemoryFiles::link(const char* from, const char* to) {
  const auto source = place(from);
  const auto target = place(to);
  if (!source.folder) return source.error;
  if (!target.folder) return target.error;
  if (!source.node) return -ENOENT;
  if (source.node->is_folder) return -EPERM;
  if (target.node) return -EEXIST;
  if (source.node->device != target.folder->device) return -EXDEV;
  target.folder->change({{target.name, source.node}});
  source.node->changed_ns = clock_.now().count();
  return 0;
}

int64_t MemoryFiles::remove(const char* path) {
  const auto at = place(path);
  if (!at.folder) return at.error;
  if (!at.node) return -ENOENT;
  if (at.node->is_folder && !at.node->entries.empty()) return -ENOTEMPTY;
  at.folder->change({{at.name, nullptr}});
  return 0;
}

int64_t MemoryFiles::watch(const char* folder) {
  if (!watching_) return -ENOTSUP;
  const auto node = find(folder);
  if (!node) return -ENOENT;
  if (!node->is_folder) return -ENOTDIR;
  const auto number = next_handle_++;
  handles_[number] = {node, kWatch, 0, node->version, false};
  return number;
}

int64_t MemoryFiles::wait(int64_t watch, int64_t timeout_ns) {
  auto* open = handle(watch);
  if (!open || open->how != kWatch) return -EBADF;
  if (std::exchange(open->woken, false)) return 0;
  if (open->seen == open->node->version) {
    clock_.advance(std::chrono::nanoseconds(timeout_ns));
    return 0;
  }
  open->seen = open->node->version;
  return 1;
}

int64_t MemoryFiles::lock(const char* path) {
  const auto there = find(path);
  const bool is_folder = there && there->is_folder;
  const auto number = is_folder ? next_handle_++ : open(path, LEVADA_WRITE);
  if (number < 0) return number;
  if (is_folder) handles_[number] = {there, kLock, 0, 0, false};
  auto& open = handles_.at(number);
  for (const auto& [other, taken] : handles_) {
    if (other == number || taken.how != kLock || taken.node != open.node) continue;
    handles_.erase(number);
    return -EWOULDBLOCK;
  }
  open.how = kLock;
  return number;
}

int64_t MemoryFiles::is_written(int64_t number) {
  const auto* open = handle(number);
  if (!open) return -EBADF;
  if (!tells_writers_) return -ENOTSUP;
  if (open->node->has_writer) return 1;
  return std::any_of(handles_.begin(), handles_.end(), [&](const auto& other) {
    const auto how = other.second.how;
    return other.second.node == open->node && how > LEVADA_READ;
  });
}

void MemoryFiles::fill_in_table() {
  table_.size = sizeof table_;
  table_.context = this;
  table_.open = [](void* self, const char* path, int32_t how) {
    return call(self, [&](auto& files) { return files.open(path, how); });
  };
  table_.close = [](void* self, int64_t number) -> int64_t {
    auto& files = *static_cast<MemoryFiles*>(self);
    const std::lock_guard lock(files.mutex_);
    return files.handles_.erase(number) ? 0 : -EBADF;
  };
  table_.read = [](void* self, int64_t number, void* to, size_t bytes, uint64_t offset) {
    return call(self, [&](auto& files) -> int64_t {
      const auto* open = files.handle(number);
      if (!open || open->how != LEVADA_READ) return -EBADF;
      const auto& from = open->node->bytes;
      if (offset >= from.size()) return 0;
      const auto count = std::min<uint64_t>(bytes, from.size() - offset);
      std::memcpy(to, from.data() + offset, count);
      return static_cast<int64_t>(count);
    });
  };
  table_.write = [](void* self, int64_t number, const levada_bytes* parts, size_t count) {
    return call(self, [&](auto& files) { return files.write(number, parts, count); });
  };
  table_.sync = [](void* self, int64_t number) {
    return call(self, [&](auto& files) -> int64_t {
      const auto* open = files.handle(number);
      if (!open || open->how < LEVADA_READ) return -EBADF;
      open->node->sync();
      return 0;
    });
  };
  table_.truncate = [](void* self, int64_t number, uint64_t bytes) {
    return call(self, [&](auto& files) -> int64_t {
      auto* open = files.handle(number);
      if (!open || open->how <= LEVADA_READ) return -EBADF;
      open->node->truncate(bytes);
      open->node->modified_ns = open->node->changed_ns = files.clock_.now().count();
      open->position = bytes;
      return 0;
    });
  };
  table_.info = [](void* self, int64_t number, levada_file_info* info) {
    return call(self, [&](auto& files) -> int64_t {
      const auto* open = files.handle(number);
      return open ? files.describe(*open->node, *info) : -EBADF;
    });
  };
  table_.stat = [](void* self, const char* path, levada_file_info* info) {
    return call(self, [&](auto& files) -> int64_t {
      const auto node = files.find(path);
      return node ? files.describe(*node, *info) : -ENOENT;
    });
  };
  table_.list = [](void* self, const char* folder, void (*entry)(void*, const char*, int32_t), void* to) {
    Entries entries;
    const auto error = call(self, [&](auto& files) -> int64_t {
      const auto node = files.find(folder);
      if (!node) return -ENOENT;
      if (!node->is_folder) return -ENOTDIR;
      if (!(node->mode & 0400)) return -EACCES;
      entries = node->entries;
      return 0;
    });
    // Backwards: no caller may rely on an order, and one by name would come too handy.
    if (error == 0)
      for (auto at = entries.rbegin(); at != entries.rend(); ++at) entry(to, at->first.c_str(), at->second->is_folder);
    return error;
  };
  table_.make_folder = [](void* self, const char* path) {
    return call(self, [&](auto& files) { return files.make_folder(path); });
  };
  table_.rename = [](void* self, const char* from, const char* to) {
    return call(self, [&](auto& files) { return files.rename(from, to); });
  };
  table_.link = [](void* self, const char* from, const char* to) {
    return call(self, [&](auto& files) { return files.link(from, to); });
  };
  table_.remove = [](void* self, const char* path) {
    return call(self, [&](auto& files) { return files.remove(path); });
  };
  table_.sync_folder = [](void* self, const char* path) {
    return call(self, [&](auto& files) -> int64_t {
      const auto node = files.find(path);
      if (!node) return -ENOENT;
      if (!node->is_folder) return -ENOTDIR;
      node->sync();
      return 0;
    });
  };
  table_.free_bytes = [](void* self, const char* path) {
    return call(self, [&](auto& files) -> int64_t {
      return files.find(path) ? static_cast<int64_t>(files.free_bytes()) : -ENOENT;
    });
  };
  table_.watch = [](void* self, const char* folder) {
    return call(self, [&](auto& files) { return files.watch(folder); });
  };
  table_.wait = [](void* self, int64_t watch, int64_t timeout_ns) {
    auto& files = *static_cast<MemoryFiles*>(self);
    const std::lock_guard lock(files.mutex_);
    return files.wait(watch, timeout_ns);
  };
  table_.wake = [](void* self, int64_t watch) -> int64_t {
    auto& files = *static_cast<MemoryFiles*>(self);
    const std::lock_guard lock(files.mutex_);
    auto* open = files.handle(watch);
    if (!open || open->how != kWatch) return -EBADF;
    open->woken = true;
    return 0;
  };
  table_.lock = [](void* self, const char* path) { return call(self, [&](auto& files) { return files.lock(path); }); };
  table_.is_written = [](void* self, int64_t number) {
    return call(self, [&](auto& files) { return files.is_written(number); });
  };
  table_.share = [](void* self, const char* path, const char* group) {
    return call(self, [&](auto& files) -> int64_t {
      const auto node = files.find(path);
      if (!node) return -ENOENT;
      if (std::string_view(group) == "missing") return -EINVAL;
      node->group = group;
      node->mode = node->is_folder ? 0750 : 0640;
      return 0;
    });
  };
}

}  // namespace levada::testkit

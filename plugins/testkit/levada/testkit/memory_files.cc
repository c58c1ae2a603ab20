// levada_files over a tree in memory, with faults.
#include "levada/testkit/memory_files.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>
#include <utility>

namespace levada::testkit {

namespace {

constexpr uint64_t kPlenty = uint64_t{1} << 40;

// Every node once, however many names it has.
void visit(const NodePointer& node, std::set<const Node*>& seen, const std::function<void(const NodePointer&)>& each) {
  if (!seen.insert(node.get()).second) return;
  each(node);
  for (const auto& [name, child] : node->entries) visit(child, seen, each);
}

}  // namespace

MemoryFiles::MemoryFiles(ManualClock& clock, uint64_t seed)
    : clock_(clock), random_(seed), root_(std::make_shared<Node>(1, 1, true)) {
  fill_in_table();
}

// ---- the tree --------------------------------------------------------------------------------------------------

NodePointer MemoryFiles::find(std::string_view path) const {
  NodePointer node = root_;
  for (const auto& part : parts_of(path)) {
    const auto entry = node->entries.find(part);
    if (entry == node->entries.end()) return nullptr;
    node = entry->second;
  }
  return node;
}

MemoryFiles::Place MemoryFiles::place(std::string_view path) const {
  auto parts = parts_of(path);
  if (parts.empty()) return {nullptr, "", root_, -EBUSY};
  Place place{root_, std::move(parts.back()), nullptr, 0};
  parts.pop_back();
  for (const auto& part : parts) {
    const auto entry = place.folder->entries.find(part);
    if (entry == place.folder->entries.end()) return {nullptr, "", nullptr, -ENOENT};
    place.folder = entry->second;
  }
  if (!place.folder->is_folder) return {nullptr, "", nullptr, -ENOTDIR};
  if (const auto entry = place.folder->entries.find(place.name); entry != place.folder->entries.end())
    place.node = entry->second;
  return place;
}

NodePointer MemoryFiles::make(const NodePointer& folder, bool is_folder) {
  const auto inode = next_inode_given_ ? *std::exchange(next_inode_given_, std::nullopt) : next_inode_++;
  auto node = std::make_shared<Node>(folder->device, inode, is_folder);
  node->modified_ns = node->changed_ns = clock_.now().count();
  // No two are made at one time, even where the clock stands still.
  node->born_ns = last_born_ns_ = std::max(node->modified_ns, last_born_ns_ + 1);
  return node;
}

NodePointer MemoryFiles::folder_at(std::string_view path) {
  NodePointer node = root_;
  for (const auto& part : parts_of(path)) {
    NodePointer& entry = node->entries[part];
    if (!entry) {
      entry = make(node, true);
      node->durable_entries[part] = entry;
      ++node->version;
    }
    node = entry;
  }
  return node;
}

MemoryFiles::Handle* MemoryFiles::handle(int64_t number) {
  const auto at = handles_.find(number);
  return at == handles_.end() ? nullptr : &at->second;
}

uint64_t MemoryFiles::used_bytes() const {
  std::set<const Node*> seen;
  uint64_t used = 0;
  visit(root_, seen, [&](const NodePointer& node) { used += node->bytes.size(); });
  return used;
}

uint64_t MemoryFiles::free_bytes() const {
  if (!capacity_) return kPlenty;
  const auto used = used_bytes();
  return used < *capacity_ ? *capacity_ - used : 0;
}

// ---- what the rest of the bench does ------------------------------------------------------------------------------

void MemoryFiles::write_file(std::string_view path, std::string_view text) {
  const std::lock_guard lock(mutex_);
  const auto parts = parts_of(path);
  const auto folder = folder_at(path.substr(0, path.find_last_of('/') + 1));
  NodePointer& node = folder->entries[parts.back()];
  if (!node) node = make(folder, false);
  folder->durable_entries[parts.back()] = node;
  ++folder->version;
  node->bytes = node->durable_bytes = text;
  node->unsynced_writes.clear();
  node->modified_ns = node->changed_ns = clock_.now().count();
}

void MemoryFiles::append_file(std::string_view path, std::string_view text) {
  const auto before = exists(path) ? read_file(path) : "";
  write_file(path, before + std::string(text));
}

void MemoryFiles::remove_file(std::string_view path) {
  const std::lock_guard lock(mutex_);
  const auto at = place(path);
  if (!at.node || !at.folder) return;
  at.folder->entries.erase(at.name);
  at.folder->durable_entries.erase(at.name);
}

void MemoryFiles::rename_file(std::string_view from, std::string_view to) {
  const std::lock_guard lock(mutex_);
  const auto source = place(from);
  if (!source.node || !source.folder) return;
  const auto folder = folder_at(to.substr(0, to.find_last_of('/') + 1));
  const auto name = parts_of(to).back();
  for (auto* entries : {&source.folder->entries, &source.folder->durable_entries}) entries->erase(source.name);
  for (auto* entries : {&folder->entries, &folder->durable_entries}) (*entries)[name] = source.node;
  source.node->changed_ns = clock_.now().count();
  ++folder->version;
}

void MemoryFiles::make_folders(std::string_view path) {
  const std::lock_guard lock(mutex_);
  folder_at(path);
}

void MemoryFiles::mount(std::string_view folder) {
  const std::lock_guard lock(mutex_);
  const auto device = next_device_++;
  std::set<const Node*> seen;
  visit(folder_at(folder), seen, [&](const NodePointer& node) { node->device = device; });
}

void MemoryFiles::set_mode(std::string_view path, uint32_t permissions) {
  const std::lock_guard lock(mutex_);
  const auto node = find(path);
  if (!node) return;
  node->mode = permissions;
  node->changed_ns = clock_.now().count();
}

void MemoryFiles::set_modified(std::string_view path, std::chrono::nanoseconds since_1970) {
  const std::lock_guard lock(mutex_);
  const auto node = find(path);
  if (!node) return;
  node->modified_ns = since_1970.count();
  node->changed_ns = clock_.now().count();
}

void MemoryFiles::reuse_inode(uint64_t inode) {
  const std::lock_guard lock(mutex_);
  next_inode_given_ = inode;
}

void MemoryFiles::set_births(bool kept) {
  const std::lock_guard lock(mutex_);
  births_ = kept;
}

void MemoryFiles::set_writer(std::string_view path, bool has_one) {
  const std::lock_guard lock(mutex_);
  if (const auto node = find(path)) node->has_writer = has_one;
}

void MemoryFiles::set_telling_writers(bool supported) {
  const std::lock_guard lock(mutex_);
  tells_writers_ = supported;
}

// ---- what a test looks at -------------------------------------------------------------------------------------------

std::string MemoryFiles::read_file(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const auto node = find(path);
  return node && !node->is_folder ? node->bytes : "<missing>";
}

bool MemoryFiles::exists(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  return find(path) != nullptr;
}

uint64_t MemoryFiles::inode(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const auto node = find(path);
  return node ? node->inode : 0;
}

std::string MemoryFiles::group_of(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  const auto node = find(path);
  return node ? node->group : "";
}

std::vector<std::string> MemoryFiles::paths() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  const std::function<void(const Node&, const std::string&)> walk = [&](const Node& folder, const std::string& path) {
    for (const auto& [name, node] : folder.entries)
      node->is_folder ? walk(*node, path + name + "/") : all.push_back(path + name);
  };
  walk(*root_, "/");
  std::sort(all.begin(), all.end());
  return all;
}

int64_t MemoryFiles::open_handles() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(handles_.size());
}

// ---- faults ---------------------------------------------------------------------------------------------------------

void MemoryFiles::fail_call(int64_t n, int error) {
  const std::lock_guard lock(mutex_);
  failing_calls_[calls_ + n] = error;
}

void MemoryFiles::short_write_at(int64_t n) {
  const std::lock_guard lock(mutex_);
  short_write_ = writes_ + n;
}

void MemoryFiles::crash_at(int64_t n) {
  const std::lock_guard lock(mutex_);
  crash_call_ = calls_ + n;
}

int64_t MemoryFiles::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void MemoryFiles::crash(Lose lose) {
  const std::lock_guard lock(mutex_);
  handles_.clear();
  failing_calls_.clear();
  short_write_.reset();
  crash_call_.reset();
  if (lose == Lose::nothing) return;
  // A folder's entries change under the walk, and what comes back has to be visited too.
  std::set<const Node*> seen;
  const std::function<void(const NodePointer&)> recover = [&](const NodePointer& node) {
    if (!seen.insert(node.get()).second) return;
    node->lose_unsynced(lose == Lose::torn ? &random_ : nullptr);
    for (const auto& [name, child] : node->entries) recover(child);
  };
  recover(root_);
}

void MemoryFiles::set_free_bytes(uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  capacity_ = used_bytes() + bytes;
}

void MemoryFiles::set_watching(bool supported) {
  const std::lock_guard lock(mutex_);
  watching_ = supported;
}

int64_t MemoryFiles::fault() {
  ++calls_;
  if (crash_call_ && calls_ >= *crash_call_) return -EIO;
  const auto failing = failing_calls_.find(calls_);
  if (failing == failing_calls_.end()) return 0;
  const int error = failing->second;
  failing_calls_.erase(failing);
  return -error;
}

}  // namespace levada::testkit

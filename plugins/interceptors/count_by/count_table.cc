// The records are what is saved, as they are.
#include "count_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace levada::count_by {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr size_t kCount = sizeof(int64_t);
constexpr size_t kHead = kCount + sizeof(uint32_t);
constexpr size_t kBlock = size_t{1} << 16;

template <class T>
T read(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T>
void write(char* to, T value) {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace

int64_t CountTable::increment(std::string_view key) {
  const auto known = keys_.find(key);
  if (known == keys_.end()) {
    add(key, 1);
    return 1;
  }
  char* const record = const_cast<char*>(known->data()) - kHead;
  const auto count = read<int64_t>(record) + 1;
  write(record, count);
  return count;
}

void CountTable::add(std::string_view key, int64_t count) {
  const size_t bytes = kHead + key.size();
  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().used < bytes) {
    const size_t capacity = std::max(kBlock, bytes);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(capacity), 0, capacity});
  }
  Block& block = blocks_.back();
  char* const record = block.data.get() + block.used;
  write(record, count);
  write(record + kCount, static_cast<uint32_t>(key.size()));
  std::memcpy(record + kHead, key.data(), key.size());
  keys_.insert({record + kHead, key.size()});
  block.used += bytes;
}

void CountTable::save(std::string& to) const {
  size_t bytes = to.size();
  for (const auto& block : blocks_) bytes += block.used;
  to.reserve(bytes);
  for (const auto& block : blocks_) to.append(block.data.get(), block.used);
}

Done CountTable::load(std::string_view state) {
  CountTable loaded;
  while (!state.empty()) {
    if (state.size() < kHead) return fatal("it ends within a key");
    const auto count = read<int64_t>(state.data());
    const auto size = read<uint32_t>(state.data() + kCount);
    if (count < 1) return fatal("a key has come " + std::to_string(count) + " times");
    if (state.size() - kHead < size) return fatal("it ends within a key");
    const auto key = state.substr(kHead, size);
    if (loaded.keys_.contains(key)) return fatal("a key stands in it twice");
    loaded.add(key, count);
    state.remove_prefix(kHead + size);
  }
  *this = std::move(loaded);
  return {};
}

}  // namespace levada::count_by

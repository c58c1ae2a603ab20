// Blocks come in sizes of powers of two with three steps between; a freed block waits in the list of its size. A fresh
// 1 MiB block costs 250 page faults, a tenth of what reading and parsing its lines costs.
#include "agent/env/memory_pool.h"

#include <array>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace levada::agent {
namespace {

constexpr size_t kReadableTail = 64;
constexpr size_t kSmallest = 4096;           // Smaller ones go to malloc, which is good at them.
constexpr size_t kKeptBytesMax = 64u << 20;  // Freed memory that is kept: about two full channels.
constexpr size_t kClasses = 4 * 48;

struct Pool {
  std::mutex mutex;
  std::array<std::vector<void*>, kClasses> free;
  size_t kept = 0;
  std::atomic<size_t> in_use{0};
};

Pool& pool() {
  static auto* const kPool = new Pool;  // Outlives every component.
  return *kPool;
}

struct SizeClass {
  size_t number, bytes;
};

SizeClass class_of(size_t bytes) {
  const auto width = static_cast<size_t>(std::bit_width(bytes - 1));
  const size_t quarter = size_t{1} << (width - 3);
  const size_t rounded = (bytes + quarter - 1) & ~(quarter - 1);
  return {4 * width + (rounded / quarter) % 4, rounded};
}

void* allocate(size_t bytes, size_t* capacity) {
  auto& all = pool();
  SizeClass size{0, (bytes + 63) & ~size_t{63}};
  if (bytes > kSmallest) size = class_of(bytes);
  *capacity = size.bytes;
  all.in_use.fetch_add(size.bytes, std::memory_order_relaxed);
  if (bytes > kSmallest) {
    const std::lock_guard lock(all.mutex);
    auto& list = all.free[size.number];
    if (!list.empty()) {
      void* block = list.back();
      list.pop_back();
      all.kept -= size.bytes;
      return block;
    }
  }
  return std::aligned_alloc(64, size.bytes + kReadableTail);
}

void release(void* block, size_t capacity) {
  auto& all = pool();
  all.in_use.fetch_sub(capacity, std::memory_order_relaxed);
  if (capacity > kSmallest) {
    const std::lock_guard lock(all.mutex);
    if (all.kept + capacity <= kKeptBytesMax) {
      all.free[class_of(capacity).number].push_back(block);
      all.kept += capacity;
      return;
    }
  }
  std::free(block);
}

}  // namespace

const levada_memory* memory_pool() {
  static const levada_memory table = {sizeof table, allocate, release};
  return &table;
}

size_t memory_in_use() { return pool().in_use.load(std::memory_order_relaxed); }

}  // namespace levada::agent

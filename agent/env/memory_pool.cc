// Blocks come in sizes of powers of two with three steps between; a freed block waits in the list
// of its size. A fresh 1 MiB block costs 250 page faults, a tenth of what reading and parsing its
// lines costs; for a small one that is aligned malloc searches, as it keeps none of these at hand.
#include "agent/env/memory_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>

namespace levada::agent {
namespace {

constexpr size_t kReadableTail = 64;
constexpr size_t kAlignment = 64;
constexpr size_t kLargest = size_t{1} << 46;  // No machine has more, and there is a class for each size below.
constexpr size_t kKeptBytesMax = 160u << 20;  // Freed memory that is kept: a full channel of each size.
constexpr size_t kSmallestPopulated = 64u << 10;

struct SizeClass {
  size_t number, bytes;
};

SizeClass class_of(size_t bytes) {
  bytes = std::max((bytes + kAlignment - 1) & ~(kAlignment - 1), kAlignment);
  const auto width = static_cast<size_t>(std::bit_width(bytes - 1));
  const size_t quarter = size_t{1} << (width - 3);
  const size_t rounded = (bytes + quarter - 1) & ~(quarter - 1);
  return {4 * width + (rounded / quarter) % 4, rounded};
}

// Has the system give all pages of the block at once, which costs two thirds of a fault for each.
// One that does not know how does nothing.
void populate(void* block, size_t bytes) {
  constexpr uintptr_t kPage = 4096;
  const auto begin = (reinterpret_cast<uintptr_t>(block) + kPage - 1) & ~(kPage - 1);
  const auto end = (reinterpret_cast<uintptr_t>(block) + bytes) & ~(kPage - 1);
#ifdef MADV_POPULATE_WRITE
  if (bytes >= kSmallestPopulated) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_WRITE);
#endif
}

}  // namespace

MemoryPool::~MemoryPool() {
  for (const auto& blocks : free_)
    for (void* block : blocks) std::free(block);
}

void* MemoryPool::allocate(size_t bytes, size_t* capacity) {
  if (bytes > kLargest) return nullptr;
  const auto size = class_of(bytes);
  *capacity = size.bytes;
  in_use_.fetch_add(size.bytes, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    auto& blocks = free_[size.number];
    if (!blocks.empty()) {
      void* block = blocks.back();
      blocks.pop_back();
      kept_ -= size.bytes;
      return block;
    }
  }
  void* block = std::aligned_alloc(kAlignment, size.bytes + kReadableTail);
  if (block) populate(block, bytes);
  else in_use_.fetch_sub(size.bytes, std::memory_order_relaxed);
  return block;
}

void MemoryPool::release(void* block, size_t capacity) {
  in_use_.fetch_sub(capacity, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    if (kept_ + capacity <= kKeptBytesMax) {
      free_[class_of(capacity).number].push_back(block);
      kept_ += capacity;
      return;
    }
  }
  std::free(block);
}

}  // namespace levada::agent

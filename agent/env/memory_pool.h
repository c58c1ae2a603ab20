// The memory that rows lie in: counted against the agent's byte budget, and kept for the next batch
// when released.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <vector>

#include "levada/plugin.h"

namespace levada::agent {

// One for an agent; it outlives all that is made of it.
class MemoryPool {
 public:
  MemoryPool() = default;
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;
  ~MemoryPool();

  // The pool as a service of the host.
  const levada_memory* table() const { return &table_; }
  // Bytes that are lent to components now.
  size_t in_use() const { return in_use_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kClasses = 4 * 48;

  void* allocate(size_t bytes, size_t* capacity);
  void release(void* block, size_t capacity);

  std::mutex mutex_;
  std::array<std::vector<void*>, kClasses> free_;  // By the class of their size.
  size_t kept_ = 0;                                // Bytes that are free and not given back to the system.
  std::atomic<size_t> in_use_{0};
  const levada_memory table_ = {
      sizeof table_, this,
      [](void* pool, size_t bytes, size_t* capacity) {
        return static_cast<MemoryPool*>(pool)->allocate(bytes, capacity);
      },
      [](void* pool, void* block, size_t capacity) { static_cast<MemoryPool*>(pool)->release(block, capacity); }};
};

}  // namespace levada::agent

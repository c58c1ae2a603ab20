// Memory that the rows of batches lie in: counted references to blocks that the host lends and
// takes back.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "levada/plugin.h"

namespace levada {

namespace detail {
// Where the buffers that this thread makes come from; null: malloc.
inline constinit thread_local const levada_memory* memory_of_thread = nullptr;

inline constexpr size_t kReadableTail = 64;

inline void* allocate(const levada_memory* memory, size_t bytes, size_t* capacity) {
  if (memory) return memory->allocate(memory->context, bytes, capacity);
  *capacity = (bytes + 63) & ~size_t{63};
  return std::aligned_alloc(64, *capacity + kReadableTail);
}

inline void release(const levada_memory* memory, void* data, size_t capacity) {
  if (memory) return memory->release(memory->context, data, capacity);
  std::free(data);
}
}  // namespace detail

// While it lives, the buffers that this thread makes come from this memory. The SDK has one around
// each call of an instance; a thread that a component starts by itself has one of its Host: see
// Host::memory_scope.
class [[nodiscard]] MemoryScope {
 public:
  explicit MemoryScope(const levada_memory* memory) : before_(std::exchange(detail::memory_of_thread, memory)) {}
  ~MemoryScope() { detail::memory_of_thread = before_; }
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;

  // What a thread hands on to another that works for it.
  static const levada_memory* current() { return detail::memory_of_thread; }

 private:
  const levada_memory* before_;
};

// A counted block of bytes, aligned to 64; 64 bytes behind its capacity may be read. Copies share
// the block. It goes back to the memory that it came from, wherever that happens.
class Buffer {
 public:
  Buffer() = default;
  // Throws std::bad_alloc where the host has no more memory to give.
  explicit Buffer(size_t bytes) {
    size_t capacity = 0;
    const auto* memory = MemoryScope::current();
    void* data = detail::allocate(memory, bytes, &capacity);
    if (data == nullptr) throw std::bad_alloc();
    block_ = new Block{{1}, static_cast<char*>(data), capacity, memory};
  }
  Buffer(const Buffer& other) noexcept : block_(other.block_) {
    if (block_) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Buffer() {
    if (block_ && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      detail::release(block_->memory, block_->data, block_->capacity);
      delete block_;
    }
  }

  explicit operator bool() const { return block_ != nullptr; }
  char* data() const { return block_ ? block_->data : nullptr; }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data());
  }
  size_t capacity() const { return block_ ? block_->capacity : 0; }

  // A block of at least `bytes` that starts with the first `keep` bytes of this one.
  void grow(size_t bytes, size_t keep) {
    if (bytes <= capacity()) return;
    Buffer larger(bytes > 2 * capacity() ? bytes : 2 * capacity());
    if (keep) std::memcpy(larger.data(), data(), keep);
    *this = std::move(larger);
  }

 private:
  struct Block {
    std::atomic<int32_t> references;
    char* data;
    size_t capacity;
    const levada_memory* memory;
  };
  Block* block_ = nullptr;
};

}  // namespace levada

// Memory that the rows of batches lie in: counted references to blocks that the host lends and takes back.
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
// The host's memory service; each plugin has its own pointer to it. Plain malloc where no host has set it.
inline std::atomic<const levada_memory*> memory_service{nullptr};

inline constexpr size_t kReadableTail = 64;

inline void* allocate(size_t bytes, size_t* capacity) {
  if (const auto* service = memory_service.load(std::memory_order_acquire)) return service->allocate(bytes, capacity);
  *capacity = (bytes + 63) & ~size_t{63};
  return std::aligned_alloc(64, *capacity + kReadableTail);
}

inline void release(void* data, size_t capacity) {
  if (const auto* service = memory_service.load(std::memory_order_acquire)) return service->release(data, capacity);
  std::free(data);
}
}  // namespace detail

// A counted block of bytes, aligned to 64; 64 bytes behind its capacity may be read. Copies share the block.
class Buffer {
 public:
  Buffer() = default;
  // Throws std::bad_alloc where the host has no more memory to give.
  explicit Buffer(size_t bytes) {
    size_t capacity = 0;
    void* data = detail::allocate(bytes, &capacity);
    if (data == nullptr) throw std::bad_alloc();
    block_ = new Block{{1}, static_cast<char*>(data), capacity};
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
      detail::release(block_->data, block_->capacity);
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
  };
  Block* block_ = nullptr;
};

}  // namespace levada

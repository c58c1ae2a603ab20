// Blocks of 2, 4, 8 ... values for the records of a KeyTable: taken and given back without malloc.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include "levada/saved_state.h"

namespace levada::analytics {

template <class T>
class BlockPool {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  // `room`: a power of two. What is in it may be anything.
  T* take(uint32_t room) {
    auto& free = free_[std::countr_zero(room)];
    if (!free.empty()) {
      T* const block = free.back();
      free.pop_back();
      return block;
    }
    // A block that fills lines of the cache begins with one.
    if (room >= kLine) used_ = (used_ + kLine - 1) / kLine * kLine;
    if (used_ + room > room_) {
      room_ = std::max<size_t>(kSlab, room);
      slabs_.emplace_back(static_cast<T*>(::operator new(room_ * sizeof(T), kAlignment)));
      used_ = 0;
      values_ += room_;
    }
    T* const block = slabs_.back().get() + used_;
    used_ += room;
    return block;
  }
  void give(T* block, uint32_t room) {
    if (block) free_[std::countr_zero(room)].push_back(block);
  }
  // All blocks are gone.
  void clear() { *this = BlockPool(); }
  size_t bytes() const { return values_ * sizeof(T); }

 private:
  static constexpr std::align_val_t kAlignment{64};
  static constexpr size_t kLine = std::max<size_t>(1, 64 / sizeof(T)), kSlab = 4096;
  struct Delete {
    void operator()(T* slab) const { ::operator delete(slab, kAlignment); }
  };

  std::array<std::vector<T*>, 32> free_;
  std::vector<std::unique_ptr<T, Delete>> slabs_;
  size_t used_ = 0, room_ = 0;  // Of the last slab.
  size_t values_ = 0;
};

// A queue in a block of a pool. Zero bytes are an empty one.
template <class T>
struct Ring {
  T* block;
  uint32_t first, size, room;
  uint32_t fresh;  // So many of the last were pushed since it was saved, though some may be gone.

  T& operator[](uint32_t at) const { return block[(first + at) & (room - 1)]; }
  T& front() const { return (*this)[0]; }
  T& back() const { return (*this)[size - 1]; }
  void pop() {
    first = (first + 1) & (room - 1);
    --size;
  }
  void push(const T& value, BlockPool<T>& pool) {
    if (size == room) grow(pool);
    block[(first + size) & (room - 1)] = value;
    fresh = std::min(fresh, size++) + 1;
  }
  void release(BlockPool<T>& pool) {
    pool.give(block, room);
    *this = {};
  }
  // What the next push and pop look at, and save_changes.
  void prefetch() const {
    __builtin_prefetch(block + first);
    __builtin_prefetch(block + ((first + size) & (room - 1)));
  }

  // How values are written says a codec: save(value, writer), and load(reader), which gives one; in
  // at least a byte.
  template <class Codec>
  void save(StateWriter& to, Codec& codec) const {
    to.number(size);
    save_from(0, to, codec);
  }
  // How many there are, and those that are fresh, which they are no more then: who loads that has
  // all others, and takes off the first of them until so many are left.
  template <class Codec>
  void save_changes(StateWriter& to, Codec& codec) {
    const uint32_t last = std::min(std::exchange(fresh, 0), size);
    to.number(size);
    to.number(last);
    save_from(size - last, to, codec);
  }
  // Calls add(value) for each, which pushes it.
  template <class Codec, class Add>
  void load(StateReader& from, Codec& codec, Add add) {
    const uint64_t count = from.number();
    if (count > from.left()) return from.fail();
    for (uint64_t at = 0; at < count; ++at) add(codec.load(from));
    fresh = 0;
  }
  // Calls take_off() for each that goes and add(value) for each that comes.
  template <class Codec, class TakeOff, class Add>
  void load_changes(StateReader& from, Codec& codec, TakeOff take_off, Add add) const {
    const uint64_t count = from.number(), last = from.number();
    if (last > count || count - last > size || last > from.left()) return from.fail();
    while (size > count - last) take_off();
    for (uint64_t at = 0; at < last; ++at) add(codec.load(from));
  }

 private:
  template <class Codec>
  void save_from(uint32_t at, StateWriter& to, Codec& codec) const {
    for (; at < size; ++at) codec.save((*this)[at], to);
  }
  void grow(BlockPool<T>& pool) {
    const uint32_t more = room == 0 ? 2 : 2 * room;
    T* const to = pool.take(more);
    for (uint32_t at = 0; at < size; ++at) to[at] = (*this)[at];
    pool.give(block, room);
    block = to;
    first = 0;
    room = more;
  }
};

}  // namespace levada::analytics

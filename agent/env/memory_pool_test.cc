// What a memory pool lends, counts and keeps.
#include "agent/env/memory_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>

namespace levada::agent {
namespace {

// A block of a pool.
struct Block {
  Block(const MemoryPool& pool, size_t bytes) : memory(*pool.table()) {
    data = memory.allocate(memory.context, bytes, &capacity);
  }
  ~Block() { memory.release(memory.context, data, capacity); }
  const levada_memory& memory;
  size_t capacity = 0;
  void* data;
};

TEST(MemoryPool, lends_blocks_of_at_least_the_size_that_are_aligned_and_readable_behind_their_end) {
  const MemoryPool pool;
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{64}, size_t{65}, size_t{129}, size_t{4096}, size_t{4097},
                             size_t{1} << 20, (size_t{1} << 20) + 1}) {
    const Block block(pool, bytes);
    ASSERT_NE(block.data, nullptr);
    EXPECT_GE(block.capacity, bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(block.data) % 64, 0u);
    std::memset(block.data, 1, block.capacity);
    EXPECT_EQ(pool.in_use(), block.capacity);
  }
  EXPECT_EQ(pool.in_use(), 0u);
}

TEST(MemoryPool, gives_a_block_that_was_released_again) {
  const MemoryPool pool;
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{65}, size_t{100'000}, size_t{1} << 20}) {
    const void* first = Block(pool, bytes).data;
    EXPECT_EQ(Block(pool, bytes).data, first) << bytes;
  }
}

TEST(MemoryPool, counts_by_itself_and_gives_nothing_of_another_pool) {
  const MemoryPool one, two;
  const void* of_one = Block(one, 1 << 20).data;
  const Block of_two(two, 1 << 20);
  EXPECT_NE(of_two.data, of_one);
  EXPECT_EQ(one.in_use(), 0u);
  EXPECT_EQ(two.in_use(), of_two.capacity);
}

TEST(MemoryPool, says_that_there_is_no_more_instead_of_counting_what_it_does_not_have) {
  const MemoryPool pool;
  size_t capacity = 0;
  EXPECT_EQ(pool.table()->allocate(pool.table()->context, SIZE_MAX / 4, &capacity), nullptr);
  EXPECT_EQ(pool.in_use(), 0u);
}

}  // namespace
}  // namespace levada::agent

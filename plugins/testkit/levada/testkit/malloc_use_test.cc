#include "levada/testkit/malloc_use.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>
#include <vector>

namespace levada::testkit {
namespace {

TEST(MallocUse, finds_what_each_turn_leaves_behind) {
  if (!malloc_in_use()) GTEST_SKIP() << "this C library does not tell, or a sanitizer looks for leaks itself";
  std::vector<void*> kept;
  kept.reserve(1000);
  EXPECT_GE(bytes_left_by_each([&] { kept.push_back(std::malloc(100)); }), 100u);
  for (void* each : kept) std::free(each);
}

TEST(MallocUse, finds_nothing_where_all_is_freed_in_the_end) {
  std::vector<void*> held;
  int turn = 0;
  EXPECT_EQ(bytes_left_by_each([&] {
              held.push_back(std::malloc(static_cast<size_t>(16 + turn++ % 5 * 100)));
              if (held.size() == 3) {
                for (void* each : held) std::free(each);
                held.clear();
              }
            }),
            0u);
  for (void* each : held) std::free(each);
}

// The pieces go to the stocks of the thread that frees them: of each of 64 sizes some, by and by.
TEST(MallocUse, finds_nothing_where_pieces_come_from_another_thread) {
  size_t number = 0;
  EXPECT_EQ(bytes_left_by_each([&] {
              void* piece = nullptr;
              const size_t bytes = 16 * (number++ * 37 % 64) + 8;
              std::thread([&] { piece = std::malloc(bytes); }).join();
              std::free(piece);
            }),
            0u);
}

}  // namespace
}  // namespace levada::testkit

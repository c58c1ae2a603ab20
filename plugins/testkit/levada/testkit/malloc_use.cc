// Asks glibc; others are not asked.
#include "levada/testkit/malloc_use.h"

#include <cstdlib>

#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
#include <malloc.h>
#define LEVADA_HAS_MALLINFO 1
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#undef LEVADA_HAS_MALLINFO
#endif

#include <algorithm>
#include <limits>
#include <thread>

namespace levada::testkit {

std::optional<size_t> malloc_in_use() {
#ifdef LEVADA_HAS_MALLINFO
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return std::nullopt;
#endif
}

namespace {

// malloc keeps up to 7 freed pieces of each size for each thread, and counts them as given out
// until the thread ends. In a thread of their own the turns leave none of these stocks behind.
void take_turns(size_t count, const std::function<void()>& turn) {
  std::thread([&] {
    for (size_t at = 0; at < count; ++at) turn();
  }).join();
}

}  // namespace

size_t bytes_left_by_each(const std::function<void()>& turn) {
  // A leak leaves the same in every window; what grows to its size leaves less and less.
  constexpr size_t kWarmUp = 64, kTurns = 32, kWindows = 6;
  if (!malloc_in_use()) return 0;
  take_turns(kWarmUp, turn);
  size_t least = std::numeric_limits<size_t>::max(), most = 0;
  for (size_t window = 0; window < kWindows && least > 0; ++window) {
    const auto before = *malloc_in_use();
    take_turns(kTurns, turn);
    const auto after = *malloc_in_use();
    const size_t left = after > before ? (after - before) / kTurns : 0;
    least = std::min(least, left);
    most = std::max(most, left);
  }
  return most <= 2 * least ? least : 0;
}

}  // namespace levada::testkit

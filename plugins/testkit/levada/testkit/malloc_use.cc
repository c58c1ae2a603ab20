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

namespace levada::testkit {

std::optional<size_t> malloc_in_use() {
#ifdef LEVADA_HAS_MALLINFO
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return std::nullopt;
#endif
}

size_t bytes_left_by_each(const std::function<void()>& turn) {
  // malloc keeps up to 7 freed pieces of each size for each thread, and counts them as given out.
  // Until these stocks are full, which takes its time where memory lies in small pieces, turns seem
  // to leave something behind, less and less. What a leak leaves is the same in every window, but
  // for one such stock.
  constexpr size_t kWarmUp = 64, kTurns = 32, kWindows = 6;
  if (!malloc_in_use()) return 0;
  for (size_t at = 0; at < kWarmUp; ++at) turn();
  size_t least = std::numeric_limits<size_t>::max(), most = 0;
  for (size_t window = 0; window < kWindows && least > 0; ++window) {
    const auto before = *malloc_in_use();
    for (size_t at = 0; at < kTurns; ++at) turn();
    const auto after = *malloc_in_use();
    const size_t left = after > before ? (after - before) / kTurns : 0;
    least = std::min(least, left);
    most = std::max(most, left);
  }
  return most <= 2 * least ? least : 0;
}

}  // namespace levada::testkit

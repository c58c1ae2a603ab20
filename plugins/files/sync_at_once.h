// Syncs of many files. A sync waits for the disk, which makes durable in one go what it is asked
// for at once: 64 files that one thread syncs in 0.6 s take eight threads 0.1 s.
//
// Not syncfs: it waits for what others write to the file system, too (0.6 s beside 300 MB).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "levada/result.h"

namespace levada::files {

inline constexpr size_t kSyncThreads = 8;
inline constexpr size_t kSyncsOfThread = 2;  // Fewer are not worth a thread.

// Calls `sync(at)` for each number below `count`, in any order and from several threads. Where some
// fail the error is that of one of them, and others may not have been called.
template <class Sync>
Done sync_at_once(size_t count, const Sync& sync) {
  std::atomic<size_t> next = 0;
  std::mutex mutex;
  Done outcome;
  const auto work = [&] {
    for (size_t at = next++; at < count; at = next++) {
      auto done = sync(at);
      if (done) continue;
      const std::lock_guard lock(mutex);
      outcome = std::move(done);
      next = count;
    }
  };
  std::vector<std::jthread> helpers;
  try {
    while (helpers.size() + 1 < std::min(kSyncThreads, count / kSyncsOfThread)) helpers.emplace_back(work);
  } catch (const std::system_error&) {
    // There are as many threads as the system allows.
  }
  work();
  helpers.clear();
  return outcome;
}

}  // namespace levada::files

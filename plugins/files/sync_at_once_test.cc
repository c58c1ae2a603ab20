#include "files/sync_at_once.h"

#include <gtest/gtest.h>

#include <condition_variable>

namespace levada::files {
namespace {

TEST(SyncAtOnce, each_is_synced_once) {
  for (const size_t count : {0, 1, 3, 4, 8, 31, 1000}) {
    std::vector<std::atomic<int>> calls(count);
    EXPECT_TRUE(sync_at_once(count, [&](size_t at) {
      ++calls[at];
      return Done();
    }));
    EXPECT_TRUE(std::all_of(calls.begin(), calls.end(), [](const auto& times) { return times == 1; })) << count;
  }
}

TEST(SyncAtOnce, many_wait_for_the_disk_together) {
  std::mutex mutex;
  std::condition_variable all_wait;
  size_t waiting = 0;
  // Would wait for ever if one came behind the other.
  EXPECT_TRUE(sync_at_once(kSyncThreads * kSyncsOfThread, [&](size_t) {
    std::unique_lock lock(mutex);
    ++waiting;
    all_wait.notify_all();
    all_wait.wait(lock, [&] { return waiting >= kSyncThreads; });
    return Done();
  }));
}

TEST(SyncAtOnce, few_are_synced_by_who_asks_in_their_order) {
  std::vector<size_t> order;
  EXPECT_TRUE(sync_at_once(2 * kSyncsOfThread - 1, [&](size_t at) {
    order.push_back(at);
    return Done();
  }));
  EXPECT_EQ(order, (std::vector<size_t>{0, 1, 2}));
}

TEST(SyncAtOnce, one_that_fails_is_what_comes_of_it) {
  for (const size_t count : {3, 100}) {
    const auto done =
        sync_at_once(count, [&](size_t at) { return at == 2 ? Done(retry("the disk is gone")) : Done(); });
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().message, "the disk is gone");
  }
}

}  // namespace
}  // namespace levada::files

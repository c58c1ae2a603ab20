#include "agent/pipeline/position_store.h"

#include <gtest/gtest.h>

#include "levada/testkit/manual_clock.h"
#include "levada/testkit/memory_files.h"

namespace levada::agent {
namespace {

struct PositionStoreTest : ::testing::Test {
  testkit::ManualClock clock;
  testkit::MemoryFiles files{clock};
  PositionStore store{Files(files.table()), "/data"};
};

TEST_F(PositionStoreTest, knows_nothing_of_a_new_sink) { EXPECT_TRUE(store.load("sinks.a")->empty()); }

TEST_F(PositionStoreTest, gives_back_what_was_saved_last) {
  ASSERT_TRUE(store.save("sinks.a", {{"clicks", "1", 1}}));
  const std::vector<Position> positions = {{"clicks", "tab\there % line\nend \xff", 123}, {"clicks/t/0", "", 0}};
  ASSERT_TRUE(store.save("sinks.a", positions));
  EXPECT_EQ(*store.load("sinks.a"), positions);
  EXPECT_TRUE(store.load("sinks.b")->empty());
}

TEST_F(PositionStoreTest, refuses_a_file_that_was_cut_short) {
  ASSERT_TRUE(store.save("sinks.a", {{"clicks", "1", 1}, {"views", "2", 2}}));
  const std::string whole = files.read_file("/data/positions/sinks.a");
  for (size_t length = 1; length < whole.size(); ++length) {
    files.write_file("/data/positions/sinks.a", whole.substr(0, length));
    EXPECT_EQ(store.load("sinks.a").code(), Code::fatal) << length;
  }
}

TEST_F(PositionStoreTest, keeps_the_old_or_the_new_positions_whichever_disk_call_fails) {
  for (int64_t call = 1;; ++call) {
    ASSERT_TRUE(store.save("sinks.a", {{"clicks", "old", 1}}));
    files.fail_call(call, EIO);
    const bool saved = store.save("sinks.a", {{"clicks", "new", 2}}).ok();
    files.crash();
    const auto kept = store.load("sinks.a");
    ASSERT_TRUE(kept) << kept.error().message;
    ASSERT_EQ(kept->size(), 1u);
    EXPECT_TRUE((*kept)[0].position == "new" || (!saved && (*kept)[0].position == "old")) << call;
    // The call that was to fail was never reached.
    if (saved) break;
  }
}

TEST_F(PositionStoreTest, does_not_take_a_disk_that_fails_for_a_new_sink) {
  ASSERT_TRUE(store.save("sinks.a", {{"clicks", "1", 1}}));
  for (int64_t call = 1;; ++call) {
    files.fail_call(call, EIO);
    const auto loaded = store.load("sinks.a");
    if (loaded) {
      EXPECT_EQ(loaded->size(), 1u);
      break;
    }
    EXPECT_EQ(loaded.code(), Code::retry) << call;
  }
}

}  // namespace
}  // namespace levada::agent

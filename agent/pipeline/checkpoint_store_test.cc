#include "agent/pipeline/checkpoint_store.h"

#include <gtest/gtest.h>

#include "levada/testkit/manual_clock.h"
#include "levada/testkit/memory_files.h"

namespace levada::agent {
namespace {

struct CheckpointStoreTest : ::testing::Test {
  testkit::ManualClock clock;
  testkit::MemoryFiles files{clock};
  CheckpointStore store{Files(files.table()), "/data"};

  static StoredCheckpoint record(uint64_t epoch, const std::string& position) {
    return {epoch, {{"clicks", position, epoch}}, {{"audit", "of " + position}}};
  }
  const std::string path = "/data/commits/sinks.a/00000000000000000001";
};

TEST_F(CheckpointStoreTest, knows_nothing_of_a_new_sink) {
  EXPECT_FALSE(store.load_last("sinks.a")->has_value());
  EXPECT_FALSE(store.load("sinks.a", 1)->has_value());
}

TEST_F(CheckpointStoreTest, gives_back_what_was_saved) {
  const StoredCheckpoint whole{7,
                               {{"clicks", "tab\there % line\nend \xff", 123}, {"clicks/t/0", "", 0}},
                               {{"interceptors.count", std::string("\0\n\xff", 3)}, {"audit", ""}}};
  ASSERT_TRUE(store.save("sinks.a", record(6, "1")));
  ASSERT_TRUE(store.save("sinks.a", whole));
  const auto kept = store.load_last("sinks.a");
  ASSERT_TRUE(kept && *kept);
  EXPECT_EQ((*kept)->epoch, 7u);
  EXPECT_EQ((*kept)->positions, whole.positions);
  EXPECT_EQ((*kept)->states, whole.states);
  EXPECT_EQ((*store.load("sinks.a", 6))->positions[0].position, "1");
  EXPECT_EQ(*store.readers(), (std::vector<std::string>{"sinks.a"}));
}

TEST_F(CheckpointStoreTest, tells_what_is_confirmed_from_what_is_only_prepared) {
  EXPECT_FALSE(store.load_confirmed("sinks.a")->has_value());
  ASSERT_TRUE(store.save("sinks.a", record(9, "1")));
  EXPECT_FALSE(store.load_confirmed("sinks.a")->has_value());
  store.confirm("sinks.a", 9);
  ASSERT_TRUE(store.save("sinks.a", record(10, "2")));
  EXPECT_EQ((*store.load_confirmed("sinks.a"))->epoch, 9u);
  store.confirm("sinks.a", 10);
  EXPECT_EQ((*store.load_confirmed("sinks.a"))->epoch, 10u);
  EXPECT_EQ((*store.load_last("sinks.a"))->epoch, 10u);
}

TEST_F(CheckpointStoreTest, keeps_the_last_few) {
  for (uint64_t epoch = 1; epoch <= 10; ++epoch) ASSERT_TRUE(store.save("sinks.a", record(epoch, "1")));
  EXPECT_FALSE(store.load("sinks.a", 10 - CheckpointStore::kKept)->has_value());
  EXPECT_TRUE(store.load("sinks.a", 11 - CheckpointStore::kKept)->has_value());
}

TEST_F(CheckpointStoreTest, refuses_a_file_that_was_cut_short_or_changed) {
  ASSERT_TRUE(store.save("sinks.a", record(1, "1")));
  const std::string whole = files.read_file(path);
  for (size_t length = 0; length < whole.size(); ++length) {
    files.write_file(path, whole.substr(0, length));
    EXPECT_EQ(store.load("sinks.a", 1).code(), Code::fatal) << length;
    std::string changed = whole;
    changed[length] = static_cast<char>(changed[length] ^ 4);
    files.write_file(path, changed);
    EXPECT_EQ(store.load("sinks.a", 1).code(), Code::fatal) << length;
  }
}

TEST_F(CheckpointStoreTest, keeps_the_old_or_the_new_whichever_disk_call_fails) {
  for (int64_t call = 1;; ++call) {
    ASSERT_TRUE(store.save("sinks.a", record(1, "old")));
    files.fail_call(call, EIO);
    const bool saved = store.save("sinks.a", record(1, "new")).ok();
    files.crash();
    const auto kept = store.load_last("sinks.a");
    ASSERT_TRUE(kept) << kept.error().message;
    ASSERT_TRUE(*kept);
    const auto& position = (*kept)->positions[0].position;
    EXPECT_TRUE(position == "new" || (!saved && position == "old")) << call;
    // The call that was to fail was never reached.
    if (saved) break;
  }
}

TEST_F(CheckpointStoreTest, does_not_take_a_disk_that_fails_for_a_new_sink) {
  ASSERT_TRUE(store.save("sinks.a", record(1, "1")));
  for (int64_t call = 1;; ++call) {
    files.fail_call(call, EIO);
    const auto loaded = store.load_last("sinks.a");
    if (loaded) {
      EXPECT_TRUE(*loaded);
      break;
    }
    EXPECT_EQ(loaded.code(), Code::retry) << call;
  }
}

}  // namespace
}  // namespace levada::agent

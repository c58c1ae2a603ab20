#include "agent/pipeline/checkpoint_store.h"

#include <gmock/gmock.h>
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
    return {epoch, {{"clicks", position, epoch}}, {{"audit", {"of " + position, {}}}}};
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
                               {{"interceptors.count", {std::string("\0\n\xff", 3), {}}}, {"audit", {"", {}}}}};
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

// Of epoch 1 the whole state "1", of each later one its changes "+2", "+3" ...
StoredCheckpoint changes_of(uint64_t epoch) {
  const auto number = std::to_string(epoch);
  SavedState state;
  if (epoch == 1) state.whole = number;
  else state.changes = {'+' + number};
  return {epoch, {{"clicks", number, epoch}}, {{"audit", {"audit " + number, {}}}, {"interceptors.a", state}}};
}

// As one text.
std::string state_in(const StoredCheckpoint& checkpoint) {
  const auto& state = checkpoint.states.at("interceptors.a");
  std::string text = state.whole.value_or("nothing");
  for (const auto& each : state.changes) text += each;
  return text;
}

TEST_F(CheckpointStoreTest, gives_a_state_with_its_changes) {
  for (uint64_t epoch = 1; epoch <= 6; ++epoch) ASSERT_TRUE(store.save("sinks.a", changes_of(epoch)));
  EXPECT_EQ(state_in(**store.load_last("sinks.a")), "1+2+3+4+5+6");
  EXPECT_EQ(state_in(**store.load("sinks.a", 4)), "1+2+3+4");
  EXPECT_EQ((*store.load("sinks.a", 4))->states.at("audit").whole, "audit 4");
  EXPECT_EQ((*store.load("sinks.a", 4))->positions[0].position, "4");
  store.confirm("sinks.a", 5);
  EXPECT_EQ((*store.load_confirmed("sinks.a"))->states.at("audit").whole, "audit 5");
}

TEST_F(CheckpointStoreTest, a_state_that_does_not_change_takes_no_room) {
  ASSERT_TRUE(store.save("sinks.a", changes_of(1)));
  for (uint64_t epoch = 2; epoch <= 4; ++epoch) {
    auto record = changes_of(epoch);
    record.states["interceptors.a"].changes.clear();
    if (epoch == 3) record.states["interceptors.a"].changes.emplace_back();
    ASSERT_TRUE(store.save("sinks.a", record));
  }
  EXPECT_EQ((*store.load_last("sinks.a"))->states.at("interceptors.a"), (SavedState{"1", {}}));
}

TEST_F(CheckpointStoreTest, a_state_that_left_the_chain_is_kept_with_its_changes_in_one_file) {
  auto record = changes_of(1);
  record.states["interceptors.a"].changes = {"+2", "+3"};
  ASSERT_TRUE(store.save("sinks.a", record));
  EXPECT_EQ(state_in(**store.load_last("sinks.a")), "1+2+3");
}

TEST_F(CheckpointStoreTest, what_the_last_few_are_changes_of_is_kept_with_them) {
  const auto files_left = [&] {
    const auto entries = Files(files.table()).list("/data/commits/sinks.a");
    return std::count_if(entries->begin(), entries->end(), [](auto& entry) { return entry.name != "confirmed"; });
  };
  for (uint64_t epoch = 1; epoch <= 10; ++epoch) ASSERT_TRUE(store.save("sinks.a", changes_of(epoch)));
  EXPECT_EQ(files_left(), 10);
  for (uint64_t epoch = 11; epoch <= 13; ++epoch) {
    auto whole = changes_of(epoch);
    whole.states["interceptors.a"] = {"whole", {}};
    ASSERT_TRUE(store.save("sinks.a", epoch == 11 ? whole : changes_of(epoch)));
    for (uint64_t kept = epoch + 1 - CheckpointStore::kKept; kept <= epoch; ++kept)
      EXPECT_TRUE(*store.load("sinks.a", kept)) << kept;
  }
  EXPECT_EQ(files_left(), 3);
  EXPECT_EQ(state_in(**store.load_last("sinks.a")), "whole+12+13");
}

TEST_F(CheckpointStoreTest, what_is_whole_stands_in_place_of_changes_that_never_came_to_be) {
  ASSERT_TRUE(store.save("sinks.a", changes_of(1)));
  ASSERT_TRUE(store.save("sinks.a", changes_of(2)));
  auto whole = changes_of(2);
  whole.states["interceptors.a"] = {"other", {}};
  ASSERT_TRUE(store.save("sinks.a", whole));
  EXPECT_EQ(state_in(**store.load("sinks.a", 2)), "other");
  ASSERT_TRUE(store.save("sinks.a", changes_of(3)));
  EXPECT_EQ(state_in(**store.load_last("sinks.a")), "other+3");
}

TEST_F(CheckpointStoreTest, says_which_state_is_missing) {
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) ASSERT_TRUE(store.save("sinks.a", changes_of(epoch)));
  ASSERT_TRUE(Files(files.table()).remove("/data/commits/sinks.a/00000000000000000002.changes"));
  const auto loaded = store.load_last("sinks.a");
  EXPECT_EQ(loaded.code(), Code::fatal);
  EXPECT_THAT(loaded.error().message, testing::HasSubstr("the state of interceptors.a for commit 2 is missing"));
  ASSERT_TRUE(Files(files.table()).remove(path));
  EXPECT_EQ(store.load_last("sinks.a").code(), Code::fatal);
}

// Epochs 1 to 7, of which the fourth is whole again, with a call that fails, and the process dies
// behind it: the last three that were saved are there.
TEST_F(CheckpointStoreTest, keeps_states_and_changes_whichever_disk_call_fails) {
  const std::vector<std::string> expected = {"1", "1+2", "1+2+3", "w", "w+5", "w+5+6", "w+5+6+7"};
  for (int64_t call = 1;; ++call) {
    const auto name = "sinks.of_" + std::to_string(call);
    const auto save = [&](uint64_t epoch) {
      auto record = changes_of(epoch);
      if (epoch == 4) record.states["interceptors.a"] = {"w", {}};
      return store.save(name, record).ok();
    };
    files.fail_call(call, EIO);
    uint64_t last = 0;
    while (last < expected.size() && save(last + 1)) ++last;
    files.crash();
    for (uint64_t epoch = last < 3 ? 1 : last - 2; epoch <= last; ++epoch) {
      const auto kept = store.load(name, epoch);
      ASSERT_TRUE(kept && *kept) << call << ", epoch " << epoch;
      EXPECT_EQ(state_in(**kept), expected[epoch - 1]) << call;
    }
    const bool failed = last < expected.size();
    while (last < expected.size() && save(last + 1)) ++last;
    ASSERT_EQ(last, expected.size()) << call;
    EXPECT_EQ(state_in(**store.load_last(name)), expected.back()) << call;
    // The calls that are left only clear up, or were never reached.
    if (!failed && call > 200) break;
  }
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

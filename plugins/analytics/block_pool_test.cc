// Queues in blocks: as a deque, whatever is pushed and popped, and after a save and a load.
#include "analytics/block_pool.h"

#include <gtest/gtest.h>

#include <deque>
#include <limits>
#include <random>

#include "analytics/saved_times.h"

namespace levada::analytics {
namespace {

TEST(Ring, does_as_a_deque_does) {
  std::mt19937_64 random(3);
  BlockPool<int64_t> pool;
  std::vector<Ring<int64_t>> rings(50);
  std::vector<std::deque<int64_t>> models(rings.size());
  for (int64_t step = 0; step < 100'000; ++step) {
    const auto at = random() % rings.size();
    auto& ring = rings[at];
    auto& model = models[at];
    const auto what = random() % 1000;
    if (what == 0) {
      ring.release(pool);
      model.clear();
    } else if (what < 450 && !model.empty()) {
      ring.pop();
      model.pop_front();
    } else {
      ring.push(step, pool);
      model.push_back(step);
    }
    ASSERT_EQ(ring.size, model.size());
    if (model.empty()) continue;
    ASSERT_EQ(ring.front(), model.front());
    ASSERT_EQ(ring.back(), model.back());
    ASSERT_EQ(ring[ring.size / 2], model[model.size() / 2]);
  }
}

TEST(BlockPool, gives_blocks_that_came_back_again) {
  BlockPool<int64_t> pool;
  for (int round = 0; round < 1000; ++round) {
    Ring<int64_t> ring{};
    for (int64_t value = 0; value < 1000; ++value) ring.push(value, pool);
    ring.release(pool);
  }
  EXPECT_LE(pool.bytes(), 100'000u);
}

TEST(Ring, is_saved_and_loaded) {
  BlockPool<int64_t> pool;
  Ring<int64_t> ring{}, other{};
  for (int64_t value = 0; value < 5; ++value) ring.push(value, pool);
  ring.pop();
  std::string state;
  StateWriter writer(state, "test", "");
  SavedTimes saved, loaded;
  ring.save(writer, saved);
  writer.finish();
  auto reader = StateReader::open(state, "test", "");
  ASSERT_TRUE(reader);
  other.load(*reader, loaded, [&](int64_t value) { other.push(value, pool); });
  EXPECT_TRUE(reader->finish());
  ASSERT_EQ(other.size, 4u);
  EXPECT_EQ(other.front(), 1);
  EXPECT_EQ(other.back(), 4);
}

TEST(Ring, one_that_is_told_of_changes_is_as_the_one_that_changes) {
  std::mt19937_64 random(5);
  BlockPool<int64_t> pool;
  Ring<int64_t> ring{}, told{};
  for (int64_t step = 0; step < 20'000; ++step) {
    if (random() % 100 < 48 && ring.size > 0) ring.pop();
    else ring.push(step, pool);
    if (random() % 10) continue;
    std::string changes;
    StateWriter writer(changes, "test", "");
    SavedTimes saved, loaded;
    ring.save_changes(writer, saved);
    writer.finish();
    auto reader = StateReader::open(changes, "test", "");
    ASSERT_TRUE(reader);
    told.load_changes(*reader, loaded, [&] { told.pop(); }, [&](int64_t value) { told.push(value, pool); });
    ASSERT_TRUE(reader->finish());
    ASSERT_EQ(told.size, ring.size);
    for (uint32_t at = 0; at < ring.size; ++at) ASSERT_EQ(told[at], ring[at]);
  }
}

TEST(Ring, changes_that_no_ring_can_have_change_nothing) {
  BlockPool<int64_t> pool;
  Ring<int64_t> ring{};
  ring.push(1, pool);
  for (const auto& [size, last] : {std::pair<uint32_t, uint32_t>{3, 1}, {1, 2}, {~uint32_t{0}, ~uint32_t{0}}}) {
    std::string changes;
    StateWriter writer(changes, "test", "");
    writer.number(size);
    writer.number(last);
    writer.number(7);
    writer.finish();
    auto reader = StateReader::open(changes, "test", "");
    ASSERT_TRUE(reader);
    SavedTimes codec;
    ring.load_changes(*reader, codec, [&] { ring.pop(); }, [&](int64_t value) { ring.push(value, pool); });
    EXPECT_FALSE(reader->good());
    EXPECT_EQ(ring.size, 1u);
  }
}

TEST(SavedTimes, are_as_they_were_and_short_where_they_lie_close) {
  const std::vector<int64_t> times = {1'780'272'000'000'000,
                                      1'780'272'000'000'063,
                                      1'780'272'000'000'000,
                                      0,
                                      -1,
                                      std::numeric_limits<int64_t>::min(),
                                      std::numeric_limits<int64_t>::max()};
  std::string state;
  StateWriter writer(state, "test", "");
  SavedTimes saved, loaded;
  for (const auto time : times) saved.save(time, writer);
  const size_t size = state.size();
  saved.save(times.back() - 64, writer);
  EXPECT_EQ(state.size(), size + 1);
  writer.finish();
  auto reader = StateReader::open(state, "test", "");
  ASSERT_TRUE(reader);
  for (const auto time : times) EXPECT_EQ(loaded.load(*reader), time);
  EXPECT_EQ(loaded.load(*reader), times.back() - 64);
  EXPECT_TRUE(reader->finish());
}

TEST(Ring, a_size_that_no_state_can_have_takes_no_memory) {
  std::string state;
  StateWriter writer(state, "test", "");
  writer.number(~uint32_t{0});
  writer.finish();
  auto reader = StateReader::open(state, "test", "");
  ASSERT_TRUE(reader);
  BlockPool<int64_t> pool;
  Ring<int64_t> ring{};
  SavedTimes codec;
  ring.load(*reader, codec, [&](int64_t value) { ring.push(value, pool); });
  EXPECT_FALSE(reader->finish());
  EXPECT_EQ(pool.bytes(), 0u);
}

}  // namespace
}  // namespace levada::analytics

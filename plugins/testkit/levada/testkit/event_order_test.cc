// Rows in the order of their times, whatever order they came in.
#include "levada/event_order.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "levada/testkit/fake_host.h"

namespace levada {
namespace {

using testkit::FakeHost;
using testkit::texts;
using Times = std::vector<int64_t>;

class EventOrderTest : public testing::Test {
 protected:
  EventOrderTest() {
    settings_.time = "time";
    settings_.unit = TimeUnit::us;
    settings_.lateness = std::chrono::microseconds(10);
  }
  EventOrder make(OnLate on_late = OnLate::reject, int64_t memory = 1 << 30) {
    return EventOrder(settings_, on_late, Size{memory}, host_.host());
  }
  static Batch batch(const std::string& stream, const std::vector<std::optional<int64_t>>& times, int64_t first = 0) {
    Batch made(static_cast<int64_t>(times.size()));
    std::vector<std::optional<std::string>> names;
    for (size_t row = 0; row < times.size(); ++row)
      names.push_back(stream + std::to_string(first + static_cast<int64_t>(row)) + " which is longer than twelve");
    made.set(testkit::value_column<int64_t>("time", Type::int64, times));
    made.set(testkit::text_column("name", names));
    made.stream = stream;
    return made;
  }
  static Times times_of(const Batch& batch) {
    const auto* column = batch.find("time");
    if (!column) return {};
    return {column->values<int64_t>(), column->values<int64_t>() + batch.rows()};
  }
  static Times take(EventOrder& order, Batch batch) {
    order.take(batch);
    EXPECT_EQ(times_of(batch), Times(order.times().begin(), order.times().end()));
    return times_of(batch);
  }
  static Times end(EventOrder& order) {
    Times all;
    for (;;) {
      const auto given = order.advance(std::chrono::nanoseconds(0), true);
      if (!given) return all;
      const auto times = times_of(*given);
      all.insert(all.end(), times.begin(), times.end());
    }
  }

  FakeHost host_;
  EventTimeSettings settings_;
};

TEST_F(EventOrderTest, what_is_in_order_passes_as_it_is) {
  settings_.lateness = {};
  auto order = make();
  auto rows = batch("a", {1, 2, 2, 3});
  const auto* values = rows.find("time")->values<int64_t>();
  order.take(rows);
  EXPECT_EQ(rows.find("time")->values<int64_t>(), values);
  EXPECT_EQ(order.rows_held(), 0u);
  EXPECT_EQ(take(order, batch("a", {3, 4})), (Times{3, 4}));
  EXPECT_EQ(take(order, batch("a", {3, 5})), Times{5});
}

TEST_F(EventOrderTest, nothing_is_kept_of_a_batch_that_has_passed) {
  settings_.lateness = {};
  auto order = make();
  Batch rows(2);
  rows.set(testkit::value_column<int64_t>("time", Type::timestamp, {1, 2}));
  const std::weak_ptr<const ArrowArray> times = rows.find("time")->shared();
  order.take(rows);
  EXPECT_EQ(rows.rows(), 2);
  rows = Batch(0);
  EXPECT_TRUE(times.expired());
}

TEST_F(EventOrderTest, rows_wait_for_the_watermark) {
  auto order = make();
  EXPECT_EQ(take(order, batch("a", {100, 95, 103})), Times{});
  EXPECT_EQ(take(order, batch("a", {97, 111})), (Times{95, 97, 100}));
  EXPECT_EQ(order.rows_held(), 2u);
  EXPECT_EQ(end(order), (Times{103, 111}));
  EXPECT_EQ(order.advance({}, true).code(), Code::idle);
}

TEST_F(EventOrderTest, rows_of_the_same_time_stay_in_the_order_of_their_arrival) {
  auto order = make();
  take(order, batch("a", {5, 4, 5}));
  auto more = batch("a", {5, 30}, 3);
  order.take(more);
  EXPECT_EQ(times_of(more), (Times{4, 5, 5, 5}));
  const std::string tail = " which is longer than twelve";
  EXPECT_EQ(texts(more, "name"), (std::vector<std::string>{"a1" + tail, "a0" + tail, "a2" + tail, "a3" + tail}));
}

TEST_F(EventOrderTest, rows_without_time_and_late_rows_are_rejected_by_their_numbers) {
  auto order = make();
  auto rows = batch("a", {100, std::nullopt, 89, 90, 120});
  order.take(rows);
  EXPECT_EQ(times_of(rows), (Times{90, 100}));
  ASSERT_EQ(rows.rejections().size(), 2u);
  EXPECT_EQ(rows.rejections()[0].row, 1);
  EXPECT_EQ(rows.rejections()[1].row, 2);
  EXPECT_EQ(rows.rejections()[1].reason, "the row is late: its stream has passed its time");
  EXPECT_EQ(host_.count("rows_late"), 1);
  auto dropping = make(OnLate::drop);
  auto again = batch("a", {100, 89});
  dropping.take(again);
  EXPECT_TRUE(again.rejections().empty());
  EXPECT_EQ(end(dropping), Times{100});
}

TEST_F(EventOrderTest, the_order_does_not_depend_on_batches_streams_or_restarts) {
  std::mt19937_64 random(5);
  std::map<std::string, std::vector<std::optional<int64_t>>> rows;
  for (const auto* stream : {"a", "b", "c"})
    for (int64_t row = 0; row < 300; ++row) rows[stream].push_back(row * 2 - static_cast<int64_t>(random() % 15));
  settings_.streams = 3;
  std::vector<std::string> expected;
  for (int round = 0; round < 12; ++round) {
    auto order = std::make_unique<EventOrder>(make());
    std::vector<std::string> names;
    std::map<std::string, size_t> next;
    const auto add = [&](const Batch& given) {
      if (given.rows() == 0) return;
      const auto more = texts(given, "name");
      names.insert(names.end(), more.begin(), more.end());
    };
    while (next["a"] + next["b"] + next["c"] < 900) {
      const std::string stream(1, "abc"[random() % 3]);
      auto& from = next[stream];
      const auto to = std::min<size_t>(300, from + random() % 40);
      auto part = batch(stream, {rows[stream].begin() + from, rows[stream].begin() + to}, static_cast<int64_t>(from));
      from = to;
      order->take(part);
      add(part);
      if (random() % 5) continue;
      std::string state;
      StateWriter writer(state, "order", "");
      order->save(writer);
      writer.finish();
      order = std::make_unique<EventOrder>(make());
      auto reader = StateReader::open(state, "order", "");
      order->load(*reader);
      ASSERT_TRUE(reader->finish());
    }
    for (;;) {
      const auto given = order->advance({}, true);
      if (!given) break;
      add(*given);
    }
    if (round == 0) expected = names;
    EXPECT_EQ(names, expected);
  }
  EXPECT_GT(expected.size(), 800u);
}

TEST_F(EventOrderTest, all_kinds_of_columns_are_held_and_saved) {
  auto order = make();
  Batch rows = batch("a", {100, 99});
  rows.set(testkit::value_column<double>("number", Type::float64, {1.5, std::nullopt}));
  rows.set(testkit::boolean_column("flag", {std::nullopt, true}));
  rows.set(testkit::text_column("bytes", {std::string("\0x", 2), std::nullopt}, Type::bytes));
  rows.set(repeat("word", "same", 2));
  order.take(rows);
  std::string state;
  StateWriter writer(state, "order", "");
  order.save(writer);
  writer.finish();
  auto loaded = make();
  auto reader = StateReader::open(state, "order", "");
  loaded.load(*reader);
  ASSERT_TRUE(reader->finish());
  for (auto* each : {&order, &loaded}) {
    const auto given = each->advance({}, true);
    ASSERT_TRUE(given);
    EXPECT_EQ(texts(*given, "time"), (std::vector<std::string>{"99", "100"}));
    EXPECT_EQ(texts(*given, "number"), (std::vector<std::string>{"<null>", "1.5"}));
    EXPECT_EQ(texts(*given, "flag"), (std::vector<std::string>{"true", "<null>"}));
    EXPECT_EQ(texts(*given, "bytes"), (std::vector<std::string>{"<null>", std::string("\0x", 2)}));
    EXPECT_EQ(texts(*given, "word"), (std::vector<std::string>{"same", "same"}));
  }
}

TEST_F(EventOrderTest, batches_with_other_columns_are_joined_where_types_allow_it) {
  auto order = make();
  Batch one = batch("a", {100}), two = batch("a", {101}), three = batch("a", {102});
  one.set(testkit::text_column("value", {"text"}));
  three.set(testkit::value_column<int64_t>("value", Type::int64, {7}));
  for (auto* each : {&one, &two, &three}) order.take(*each);
  const auto first = order.advance({}, true), second = order.advance({}, true);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(texts(*first, "value"), (std::vector<std::string>{"text", "<null>"}));
  EXPECT_EQ(texts(*second, "value"), (std::vector<std::string>{"7"}));
}

TEST_F(EventOrderTest, a_column_that_nobody_reads_cannot_be_held) {
  auto order = make();
  Batch rows = batch("a", {100, 101});
  rows.set(testkit::list_column("list", {std::vector<int64_t>{1}, std::nullopt}));
  order.take(rows);
  EXPECT_EQ(rows.rows(), 0);
  ASSERT_EQ(rows.rejections().size(), 2u);
  EXPECT_NE(rows.rejections()[0].reason.find("\"list\""), std::string::npos);
}

TEST_F(EventOrderTest, the_oldest_rows_go_early_where_memory_does_not_suffice) {
  settings_.lateness = std::chrono::hours(1);
  auto order = make(OnLate::reject, 2000);
  Times given;
  for (int64_t row = 0; row < 200; ++row) {
    const auto more = take(order, batch("a", {1000 + row % 7}, row));
    given.insert(given.end(), more.begin(), more.end());
  }
  EXPECT_TRUE(std::is_sorted(given.begin(), given.end()));
  EXPECT_GT(host_.count("rows_given_early"), 0);
  EXPECT_LT(order.rows_held(), 100u);
}

}  // namespace
}  // namespace levada

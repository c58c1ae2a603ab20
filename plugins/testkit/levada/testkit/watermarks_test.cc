// Event times and watermarks: what is late, what is ahead, and who waits for whom.
#include "levada/watermarks.h"

#include <gtest/gtest.h>

#include <random>

#include "levada/testkit/batches.h"

namespace levada {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;
using testkit::value_column;
constexpr int64_t kNone = EventTimes::kNone;
constexpr int64_t kSecond = 1'000'000;

Batch at(const std::vector<std::optional<int64_t>>& times, Type type = Type::timestamp) {
  Batch batch(static_cast<int64_t>(times.size()));
  batch.set(value_column<int64_t>("time", type, times));
  return batch;
}

class EventTimesTest : public testing::Test {
 protected:
  std::vector<int64_t> read(const Batch& batch, TimeUnit unit = TimeUnit::us) {
    times_ = std::make_unique<EventTimes>("time", unit);
    reasons_.clear();
    times_->read(batch,
                 [&](int64_t row, const std::string& why) { reasons_.push_back(std::to_string(row) + " " + why); });
    return {times_->values(), times_->values() + times_->rows()};
  }
  std::unique_ptr<EventTimes> times_;
  std::vector<std::string> reasons_;
};

TEST_F(EventTimesTest, a_timestamp_stands_as_it_is_and_integers_have_a_unit) {
  EXPECT_EQ(read(at({5, 3})), (std::vector<int64_t>{5, 3}));
  EXPECT_EQ(times_->first(), 3);
  EXPECT_EQ(times_->last(), 5);
  EXPECT_EQ(read(at({5, -3}), TimeUnit::s), (std::vector<int64_t>{5, -3}));
  EXPECT_EQ(read(at({5, -3}, Type::int64), TimeUnit::s), (std::vector<int64_t>{5 * kSecond, -3 * kSecond}));
  EXPECT_EQ(times_->last(), 5 * kSecond);
  EXPECT_EQ(read(at({5}, Type::int64), TimeUnit::ms), (std::vector<int64_t>{5000}));
  EXPECT_EQ(read(at({5}, Type::int64), TimeUnit::us), (std::vector<int64_t>{5}));
  EXPECT_TRUE(times_->complete());
  EXPECT_EQ(read(at({})), std::vector<int64_t>());
  EXPECT_EQ(times_->first(), kNone);
  EXPECT_TRUE(reasons_.empty());
}

TEST_F(EventTimesTest, rows_without_a_time_are_named_with_the_reason) {
  EXPECT_EQ(read(at({5, std::nullopt, 3})), (std::vector<int64_t>{5, kNone, 3}));
  EXPECT_EQ(reasons_, std::vector<std::string>{"1 the column \"time\" is null, and says no time"});
  EXPECT_FALSE(times_->complete());
  EXPECT_EQ(read(at({std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::min(), 7})),
            (std::vector<int64_t>{kNone, kNone, 7}));
  EXPECT_EQ(times_->first(), 7);
  EXPECT_EQ(reasons_.size(), 2u);
  EXPECT_EQ(reasons_[0], "0 the column \"time\" says a time outside of the years 1 to 9999");
  EXPECT_EQ(read(Batch(2)), (std::vector<int64_t>{kNone, kNone}));
  EXPECT_EQ(reasons_[1], "1 there is no column \"time\" to say the time");
  Batch texts(1);
  texts.set(testkit::text_column("time", {"2026-06-01"}));
  EXPECT_EQ(read(texts), std::vector<int64_t>{kNone});
  EXPECT_EQ(reasons_[0], "0 the column \"time\" is text, and a time is a timestamp or an integer: convert it first");
}

TEST_F(EventTimesTest, the_bounds_hold_to_the_last_unit) {
  EXPECT_EQ(read(at({EventTimes::kLast, EventTimes::kFirst})),
            (std::vector<int64_t>{EventTimes::kLast, EventTimes::kFirst}));
  EXPECT_EQ(read(at({EventTimes::kLast + 1, EventTimes::kFirst - 1})), (std::vector<int64_t>{kNone, kNone}));
  EXPECT_EQ(read(at({253'402'300'799, -62'135'596'800}, Type::int64), TimeUnit::s),
            (std::vector<int64_t>{253'402'300'799 * kSecond, -62'135'596'800 * kSecond}));
  EXPECT_EQ(read(at({253'402'300'800, -62'135'596'801}, Type::int64), TimeUnit::s),
            (std::vector<int64_t>{kNone, kNone}));
}

class WatermarksTest : public testing::Test {
 protected:
  // Gives the times of rows that are late.
  std::vector<int64_t> observe(Watermarks& marks, std::string_view stream,
                               const std::vector<std::optional<int64_t>>& times, nanoseconds now = {}) {
    EventTimes read("time", TimeUnit::us);
    const auto batch = at(times);
    read.read(batch, [](int64_t, const std::string&) {});
    std::vector<int64_t> late;
    marks.observe(stream, read, now, floor_, [&](int64_t row) { late.push_back(read[row]); });
    return late;
  }
  using Late = std::vector<int64_t>;
  int64_t pane_ = 1;
  std::function<int64_t(int64_t)> floor_ = [this](int64_t time) { return time - ((time % pane_) + pane_) % pane_; };
  EventTimeSettings settings_{.lateness = std::chrono::microseconds(10)};
};

TEST_F(WatermarksTest, a_row_is_late_behind_the_watermark_of_its_stream) {
  Watermarks marks(settings_);
  EXPECT_EQ(marks.watermark(), kNone);
  EXPECT_EQ(observe(marks, "a", {100, 90, 89, 105, 95, 94}), (Late{89, 94}));
  EXPECT_EQ(marks.watermark(), 95);
}

TEST_F(WatermarksTest, the_watermark_is_the_least_of_all_streams) {
  Watermarks marks(settings_);
  observe(marks, "a", {200});
  EXPECT_EQ(observe(marks, "b", {100}), Late{});
  EXPECT_EQ(marks.watermark(), 90);
  EXPECT_EQ(observe(marks, "b", {300}), Late{});
  EXPECT_EQ(marks.watermark(), 190);
}

TEST_F(WatermarksTest, what_is_late_does_not_depend_on_batches_or_on_other_streams) {
  std::mt19937_64 random(3);
  std::map<std::string, std::vector<std::optional<int64_t>>> rows;
  for (const auto* stream : {"a", "b"})
    for (int64_t row = 0; row < 500; ++row)
      rows[stream].push_back(row * 3 - static_cast<int64_t>(random() % 25) + (row % 97 == 0 ? 7'200 * kSecond : 0));
  pane_ = 5;
  std::map<std::string, Late> expected;
  for (const auto& [stream, times] : rows) {
    Watermarks alone(settings_);
    expected[stream] = observe(alone, stream, times);
    EXPECT_FALSE(expected[stream].empty());
  }
  for (int round = 0; round < 20; ++round) {
    Watermarks marks(settings_);
    std::map<std::string, Late> late;
    std::map<std::string, size_t> next;
    while (next["a"] < 500 || next["b"] < 500) {
      const std::string stream = random() % 2 ? "a" : "b";
      auto& from = next[stream];
      const size_t end = std::min<size_t>(500, from + random() % 60);
      const auto more = observe(marks, stream, {rows[stream].begin() + from, rows[stream].begin() + end});
      late[stream].insert(late[stream].end(), more.begin(), more.end());
      from = end;
      if (random() % 4) continue;
      std::string state;
      StateWriter writer(state, "", "");
      marks.save(writer);
      writer.finish();
      marks.forget();
      auto reader = StateReader::open(state, "", "");
      marks.load(*reader, {});
      ASSERT_TRUE(reader->finish());
    }
    EXPECT_EQ(late, expected);
  }
}

TEST_F(WatermarksTest, a_row_is_late_once_the_pane_of_its_time_is_over) {
  pane_ = 10;
  settings_.lateness = {};
  Watermarks marks(settings_);
  EXPECT_EQ(observe(marks, "a", {19, 11, 10, 9, 20, 19, -1}), (Late{9, 19, -1}));
}

TEST_F(WatermarksTest, a_clock_that_jumps_is_believed_after_as_many_rows_in_a_row) {
  Watermarks marks(settings_);
  const int64_t ahead = 86'400 * kSecond;
  for (int64_t row = 0; row < 100; ++row) EXPECT_EQ(observe(marks, "a", {row * 10, ahead + row}), Late{});
  EXPECT_EQ(marks.watermark(), 980);
  EXPECT_EQ(marks.rows_ahead(), 100);
  // A night without rows; the last row of the other clock counts, too.
  for (int64_t row = 2; row < Watermarks::kBelieved; ++row) observe(marks, "a", {ahead + 1000 - row});
  EXPECT_EQ(marks.watermark(), 980);
  observe(marks, "a", {ahead + 2000});
  EXPECT_EQ(marks.watermark(), ahead + 99 - 10);
}

TEST_F(WatermarksTest, a_stream_that_begins_with_a_wrong_clock_goes_back) {
  Watermarks marks(settings_);
  EXPECT_EQ(observe(marks, "a", {86'400 * kSecond}), Late{});
  EXPECT_EQ(observe(marks, "a", {100, 200}), Late{});
  EXPECT_EQ(marks.watermark(), 190);
}

TEST_F(WatermarksTest, any_jump_is_believed_where_none_is_too_far) {
  settings_.max_jump = {};
  Watermarks marks(settings_);
  observe(marks, "a", {100, 86'400 * kSecond});
  EXPECT_EQ(marks.watermark(), 86'400 * kSecond - 10);
}

TEST_F(WatermarksTest, no_time_passes_before_all_streams_have_come_up) {
  settings_.streams = 2;
  Watermarks marks(settings_);
  observe(marks, "a", {100});
  EXPECT_EQ(marks.watermark(), kNone);
  observe(marks, "b", {50});
  EXPECT_EQ(marks.watermark(), 40);
}

TEST_F(WatermarksTest, what_was_closed_makes_rows_of_new_streams_late) {
  Watermarks marks(settings_);
  observe(marks, "a", {100});
  marks.close(80);
  EXPECT_EQ(observe(marks, "b", {79, 80}), Late{79});
}

TEST_F(WatermarksTest, a_quiet_stream_is_idle_after_a_while_and_a_grace) {
  settings_.idle_timeout = seconds(60);
  Watermarks marks(settings_);
  EXPECT_EQ(marks.deadline(), nanoseconds::max());
  observe(marks, "a", {100}, seconds(1));
  EXPECT_EQ(marks.deadline(), nanoseconds::max()) << "there is nobody whom it holds back";
  observe(marks, "b", {500}, seconds(2));
  EXPECT_EQ(marks.deadline(), seconds(61));
  EXPECT_FALSE(marks.advance(seconds(60)));
  EXPECT_FALSE(marks.advance(seconds(70)));
  EXPECT_EQ(marks.watermark(), 90);
  observe(marks, "b", {600}, seconds(70));
  EXPECT_EQ(marks.deadline(), seconds(71));
  EXPECT_TRUE(marks.advance(seconds(71)));
  EXPECT_EQ(marks.watermark(), 590);
  EXPECT_EQ(marks.deadline(), nanoseconds::max());
  observe(marks, "a", {400}, seconds(80));
  EXPECT_EQ(marks.watermark(), 390);
}

TEST_F(WatermarksTest, a_stream_that_never_comes_up_is_waited_for_no_longer_than_for_an_idle_one) {
  settings_.idle_timeout = seconds(60);
  settings_.streams = 3;
  Watermarks marks(settings_);
  observe(marks, "a", {100}, seconds(1));
  EXPECT_EQ(marks.deadline(), seconds(61));
  EXPECT_FALSE(marks.advance(seconds(61)));
  EXPECT_EQ(marks.deadline(), seconds(62));
  EXPECT_TRUE(marks.advance(seconds(62)));
  EXPECT_EQ(marks.watermark(), 90);
}

}  // namespace
}  // namespace levada

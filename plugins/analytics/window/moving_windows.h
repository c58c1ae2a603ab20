// Moving windows, event by event: each row is given with the aggregates of the rows of its key that
// are less than a span older, itself among them.
//
// For each key the rows of the last span stand in two stacks. Records of the older one, the front,
// hold everything from their row to the end of that stack, so that the oldest can leave at once;
// those of the younger one, the back, hold their row, and one record beside them their sum. When
// the front is used up, the back becomes the front. So every aggregate that can be joined is exact,
// at three joins a row. What is to be joined depends on times alone: it is written down for some
// rows first, and then done for each aggregate in turn. Aggregates that cannot be joined are told
// which rows come and go, in the same way.
#pragma once

#include <vector>

#include "analytics/block_pool.h"
#include "analytics/key_numbers.h"
#include "conditions/condition.h"
#include "levada/event_order.h"
#include "moving_values.h"
#include "records.h"
#include "window_interceptor.h"

namespace levada::window {

class MovingWindows final : public WindowInterceptor {
 public:
  MovingWindows(Checked checked, Host host);

  Done intercept(Batch& batch) override;
  std::chrono::nanoseconds deadline() override { return order_.deadline(); }
  Result<Batch> advance(std::chrono::nanoseconds now, bool ended) override;
  Done save(std::string& to) override;
  Done load(std::string_view state) override;

 private:
  using Number = Records::Number;
  static constexpr int64_t kNone = INT64_MIN;
  static constexpr size_t kStretch = 2048;  // Rows.

  struct Entry {
    int64_t time;
    Number record;
  };
  struct KeyState {
    analytics::Ring<Entry> rows;  // The oldest first.
    uint32_t front;               // So many of them are of the front.
    uint32_t back;                // The sum of the back + 1; 0 while it has less than two rows.
    MovingValues::Slot slot;      // And 1; 0 while it has no rows, or no aggregate asks for it.
    int64_t incomplete_until;     // Rows before that time would count some that had no room.
  };
  // Of an aggregate; of the layout where it has no values of its own.
  struct ColumnOf {
    std::string name;
    std::unique_ptr<MovingValues> values;
  };

  static std::vector<ColumnOf> columns_of(std::vector<NamedAggregate>& aggregates);
  std::string options_of_state() const;
  // Rows in the order of their times; adds the aggregates.
  void see(Batch& batch);
  void see_stretch(size_t first, size_t rows);
  bool make_room(size_t rows, int64_t time);
  // There is no room for these rows: they, and those that would count them, get no aggregates.
  void refuse(size_t first, size_t rows);
  void add_columns(Batch& batch) const;
  void expire(KeyState& state, int64_t time);
  void push(KeyState& state, int64_t time, Number record, char* result);
  void count_values(KeyState& state, Number record, int64_t row);
  std::vector<MovingValues::Step> rows_with_values() const;
  void load_values(StateReader& from);
  void join(Number from, char* to);
  void run();
  void sweep(int64_t time);
  size_t bytes_with(size_t rows) const;
  void save_keys(StateWriter& to) const;
  void load_keys(StateReader& from);
  void forget();

  const Settings settings_;
  const int64_t span_;  // Microseconds.
  const size_t memory_bytes_;
  const std::vector<ColumnOf> columns_;
  const bool has_values_;
  const Layout layout_;  // Without aggregates that have values of their own.
  EventOrder order_;
  RowKeys keys_;
  KeyTable table_{sizeof(KeyState)};
  analytics::BlockPool<Entry> pool_;
  analytics::Forgetting forgetting_;
  MovingValues::Slot slots_ = 0;
  std::vector<MovingValues::Slot> free_slots_;
  Records records_, results_;
  conditions::ConditionPtr having_;
  conditions::Remarks remarks_;
  Counter full_count_;
  int64_t blind_until_ = kNone;  // Keys that are new before that time may have had rows without room.
  int64_t swept_ = kNone;
  // For a call.
  std::vector<int64_t> rows_;
  std::vector<KeyTable::Number> numbers_;
  std::vector<Number> own_, garbage_;
  std::vector<Number> found_;        // What comes out for each row of the batch,
  std::vector<uint8_t> incomplete_;  // or nothing.
  std::vector<const char*> from_;
  std::vector<char*> to_;
  std::vector<MovingValues::Step> steps_;
  conditions::Mask mask_;
};

}  // namespace levada::window

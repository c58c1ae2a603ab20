// Which rows of a batch are counted: those that have a time and are not late.
#pragma once

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "levada/event_time.h"
#include "levada/host.h"
#include "window_interceptor.h"

namespace levada::window {

class Intake {
 public:
  Intake(const WindowInterceptor::Settings& settings, Host host)
      : host_(host),
        late_(settings.late),
        times_(settings.time, settings.unit),
        late_count_(host.counter("rows_late")),
        ahead_count_(host.counter("rows_ahead")) {}

  // Leaves the numbers of these rows in rows(). The others go to `rejected`, or are dropped.
  // `floor` is that of Watermarks::observe.
  template <class Floor>
  void read(const Batch& batch, Watermarks& marks, Floor floor, Batch& rejected) {
    left_out_.clear();
    const auto leave_out = [&](int64_t row, std::string reason) {
      rejected.reject_part(row, std::move(reason));
      left_out_.push_back(row);
    };
    times_.read(batch, leave_out);
    marks.observe(batch.stream, times_, host_.monotonic(), floor, [&](int64_t row) {
      late_count_.add();
      if (late_ == Late::drop) left_out_.push_back(row);
      else leave_out(row, "the row is late: its window is over");
    });
    ahead_count_.add(marks.rows_ahead() - std::exchange(rows_ahead_, marks.rows_ahead()));
    rows_.resize(static_cast<size_t>(batch.rows()));
    std::iota(rows_.begin(), rows_.end(), int64_t{0});
    if (left_out_.empty()) return;
    std::sort(left_out_.begin(), left_out_.end());
    std::erase_if(rows_, [&](int64_t row) { return std::binary_search(left_out_.begin(), left_out_.end(), row); });
  }
  const std::vector<int64_t>& rows() const { return rows_; }
  // Of all rows of the batch; EventTimes::kNone for one that has none.
  const int64_t* times() const { return times_.values(); }

 private:
  const Host host_;
  const Late late_;
  EventTimes times_;
  Counter late_count_, ahead_count_;
  int64_t rows_ahead_ = 0;  // That were counted.
  std::vector<int64_t> rows_, left_out_;
};

}  // namespace levada::window

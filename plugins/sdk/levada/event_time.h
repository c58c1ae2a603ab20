// When the event of each row was: read from a column, checked, in microseconds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "levada/batch.h"

namespace levada {

// What the numbers of an integer column count.
enum class TimeUnit { s, ms, us };

// The event times of a batch, a timestamp column or an int64 column of a given unit.
class EventTimes {
 public:
  // Stands for the time of a row that has none.
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::min();
  // The years 1 to 9999: whoever adds a window's length to a time stays within an int64_t.
  static constexpr int64_t kFirst = -62'135'596'800'000'000, kLast = 253'402'300'799'999'999;

  EventTimes(std::string column, TimeUnit unit) : column_(std::move(column)), unit_(unit) {}

  // Reads the times of the batch's rows. Calls reject(row, reason) for each row without a time; the
  // time of such a row is kNone.
  template <class Reject>
  void read(const Batch& batch, Reject&& reject) {
    rows_ = batch.rows();
    const auto* column = batch.find(column_);
    if (!column) return none("there is no column \"" + column_ + "\" to say the time", reject);
    if (column->type() == Type::timestamp) return read(*column, 1, reject);
    if (column->type() == Type::int64) return read(*column, microseconds_of(unit_), reject);
    none("the column \"" + column_ + "\" is " + name_of(column->type()) +
             ", and a time is a timestamp or an integer: convert it first",
         reject);
  }

  int64_t rows() const { return rows_; }
  // Valid until the next read.
  const int64_t* values() const { return values_.data(); }
  int64_t operator[](int64_t row) const { return values_[static_cast<size_t>(row)]; }
  // The least and the greatest time of the rows that have one; kNone where none has.
  int64_t first() const { return first_; }
  int64_t last() const { return last_; }
  // Every row has a time.
  bool complete() const { return complete_; }
  const std::string& column() const { return column_; }

 private:
  static int64_t microseconds_of(TimeUnit unit) {
    return unit == TimeUnit::s ? 1'000'000 : unit == TimeUnit::ms ? 1'000 : 1;
  }

  template <class Reject>
  void none(const std::string& reason, Reject& reject) {
    values_.assign(static_cast<size_t>(rows_), kNone);
    first_ = last_ = kNone;
    complete_ = rows_ == 0;
    for (int64_t row = 0; row < rows_; ++row) reject(row, reason);
  }

  template <class Reject>
  void read(const Column& column, int64_t microseconds, Reject& reject) {
    const auto* from = column.values<int64_t>();
    const int64_t least = -(-kFirst / microseconds), greatest = kLast / microseconds;
    complete_ = !column.has_nulls();
    int64_t first = std::numeric_limits<int64_t>::max(), last = std::numeric_limits<int64_t>::min();
    for (int64_t row = 0; row < rows_; ++row) {
      first = std::min(first, from[row]);
      last = std::max(last, from[row]);
    }
    complete_ = complete_ && (rows_ == 0 || (first >= least && last <= greatest));
    values_.resize(static_cast<size_t>(rows_));
    if (complete_) {
      for (int64_t row = 0; row < rows_; ++row) values_[static_cast<size_t>(row)] = from[row] * microseconds;
      return set_bounds(first * (rows_ ? microseconds : 1), last * (rows_ ? microseconds : 1));
    }
    read_checked(column, microseconds, least, greatest, reject);
  }

  template <class Reject>
  void read_checked(const Column& column, int64_t microseconds, int64_t least, int64_t greatest, Reject& reject) {
    const auto* from = column.values<int64_t>();
    int64_t first = std::numeric_limits<int64_t>::max(), last = std::numeric_limits<int64_t>::min();
    for (int64_t row = 0; row < rows_; ++row) {
      auto& to = values_[static_cast<size_t>(row)];
      to = kNone;
      if (column.null(row)) {
        reject(row, "the column \"" + column_ + "\" is null, and says no time");
      } else if (from[row] < least || from[row] > greatest) {
        reject(row, "the column \"" + column_ + "\" says a time outside of the years 1 to 9999");
      } else {
        to = from[row] * microseconds;
        first = std::min(first, to);
        last = std::max(last, to);
      }
    }
    set_bounds(first, last);
  }

  void set_bounds(int64_t first, int64_t last) {
    first_ = first > last ? kNone : first;
    last_ = first > last ? kNone : last;
  }

  const std::string column_;
  const TimeUnit unit_;
  int64_t rows_ = 0;
  int64_t first_ = kNone, last_ = kNone;
  bool complete_ = true;
  std::vector<int64_t> values_;  // Copied: a batch is let go of when it was dealt with.
};

}  // namespace levada

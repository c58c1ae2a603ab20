// A condition over the columns of a batch, evaluated a whole column at a time.
// Its parts: condition_parser.h.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "levada/batch.h"

namespace levada::conditions {

// One byte for each row: 1 where the row still meets all that was asked, else 0. There are always
// whole groups of eight, so that bitmaps can be taken over a byte at a time. What is in the last
// group behind the last row may be anything, as it may be in a bitmap.
class Mask {
 public:
  void reset(int64_t rows, uint8_t value) { bytes_.assign((static_cast<size_t>(rows) + 7) / 8 * 8, value); }
  uint8_t* data() { return bytes_.data(); }
  const uint8_t* data() const { return bytes_.data(); }
  size_t size() const { return bytes_.size(); }

 private:
  std::vector<uint8_t> bytes_;
};

// Tells the user, once each, what is odd about the columns that a condition meets.
class Remarks {
 public:
  explicit Remarks(std::function<void(std::string_view)> tell) : tell_(std::move(tell)) {}
  void add(const std::string& text) {
    if (told_.insert(text).second) tell_(text);
  }

 private:
  std::function<void(std::string_view)> tell_;
  std::set<std::string> told_;
};

class Condition {
 public:
  virtual ~Condition() = default;
  // Clears the rows that do not meet it. Rows that are clear already stay so, and are
  // not looked at where that costs. A row in which the column is null, or that has no
  // such column, does not meet it.
  virtual void narrow(const Batch& batch, Mask& mask, Remarks& remarks) = 0;
};
using ConditionPtr = std::unique_ptr<Condition>;

ConditionPtr all_of(std::vector<ConditionPtr> parts);
ConditionPtr any_of(std::vector<ConditionPtr> parts);
ConditionPtr none_of(ConditionPtr part);
ConditionPtr exists(std::string column);
// A boolean column that says true.
ConditionPtr is_true(std::string column, bool wanted);

// Clears the rows in which the column is null.
void clear_nulls(const Column& column, Mask& mask);

}  // namespace levada::conditions

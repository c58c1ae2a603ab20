// Conditions on the text of a column: one test, applied to all its rows, or to all its
// words where it is a dictionary.
#pragma once

#include <charconv>

#include "condition.h"

namespace levada::conditions {

template <class Test>
concept TestsViews = requires(const Test& test, const Views& views, const View& view) { test(views, view); };

// Test: bool operator()(std::string_view) const; and, where it can tell from a view without its
// text, also bool operator()(const Views&, const View&) const.
template <class Test>
class TextCondition final : public Condition {
 public:
  TextCondition(std::string column, Test test) : column_(std::move(column)), test_(std::move(test)) {}

  void narrow(const Batch& batch, Mask& mask, Remarks& remarks) override {
    const auto* column = batch.find(column_);
    if (!column) {
      remarks.add("there is no column \"" + column_ + "\": what is asked of it is not met");
      return mask.reset(batch.rows(), 0);
    }
    clear_nulls(*column, mask);
    uint8_t* to = mask.data();
    const auto rows = column->rows();
    switch (column->type()) {
      case Type::text:
      case Type::bytes: return test_views(column->views(), rows, to);
      case Type::dictionary: return test_words(*column, to);
      case Type::int64:
        // Asked for its text, a number has that of its digits.
        for (int64_t row = 0; row < rows; ++row) {
          char digits[24];
          const auto* end = std::to_chars(digits, digits + sizeof digits, column->values<int64_t>()[row]).ptr;
          to[row] = to[row] && test_(std::string_view(digits, static_cast<size_t>(end - digits)));
        }
        return;
      case Type::boolean:
      case Type::float64:
      case Type::timestamp:
      case Type::opaque: break;
    }
    remarks.add("the column \"" + column_ + "\" is " + name_of(column->type()) +
                " and is asked for its text: no row meets that");
    mask.reset(batch.rows(), 0);
  }

 private:
  bool test(const Views& views, const View& view) const {
    if constexpr (TestsViews<Test>) return test_(views, view);
    else return test_(views.text(view));
  }
  void test_views(const Views& views, int64_t rows, uint8_t* mask) const {
    const View* view = views.data();
    for (int64_t row = 0; row < rows; ++row) mask[row] = mask[row] && test(views, view[row]);
  }
  void test_words(const Column& column, uint8_t* mask) {
    const ArrowArray& words = *column.array().dictionary;
    const Views views(words);
    const auto* indices = column.values<int32_t>();
    words_.assign(static_cast<size_t>(words.length), kUnknown);
    for (int64_t row = 0; row < column.rows(); ++row) {
      if (!mask[row]) continue;
      auto& met = words_[static_cast<size_t>(indices[row])];
      if (met == kUnknown) met = test(views, views.data()[indices[row]]);
      mask[row] = met;
    }
  }

  static constexpr uint8_t kUnknown = 2;
  std::string column_;
  Test test_;
  std::vector<uint8_t> words_;  // For each word of the dictionary whether it meets the test.
};

template <class Test>
ConditionPtr on_text(std::string column, Test test) {
  return std::make_unique<TextCondition<Test>>(std::move(column), std::move(test));
}

}  // namespace levada::conditions

// Conditions that set a column against numbers. Text that is a number counts as one.
#include <algorithm>
#include <charconv>

#include "comparisons.h"
#include "text_condition.h"

namespace levada::filter {
namespace {

template <class T>
bool holds(T value, Operator how, T literal) {
  switch (how) {
    case Operator::equal: return value == literal;
    case Operator::less: return value < literal;
    case Operator::less_or_equal: return value <= literal;
    case Operator::greater: return value > literal;
    case Operator::greater_or_equal: return value >= literal;
  }
  return false;
}

double as_double(const Number& number) {
  return std::visit([](auto value) { return static_cast<double>(value); }, number);
}

// Test: bool operator()(int64_t) const and bool operator()(double) const.
template <class Test>
class NumberCondition final : public Condition {
 public:
  NumberCondition(std::string column, Test test)
      : column_(std::move(column)), test_(std::move(test)), on_text_(column_, InText{&test_}) {}

  void narrow(const Batch& batch, Mask& mask, Remarks& remarks) override {
    const auto* column = batch.find(column_);
    if (!column || column->is_textual()) return on_text_.narrow(batch, mask, remarks);
    clear_nulls(*column, mask);
    if (column->type() == Type::int64) return test_values(column->values<int64_t>(), column->rows(), mask.data());
    if (column->type() == Type::float64) return test_values(column->values<double>(), column->rows(), mask.data());
    remarks.add("the column \"" + column_ + "\" is " + name_of(column->type()) +
                " and is set against a number: no row meets that");
    mask.reset(batch.rows(), 0);
  }

 private:
  struct InText {
    const Test* test;
    bool operator()(std::string_view text) const {
      const char* end = text.data() + text.size();
      int64_t integer;
      if (const auto read = std::from_chars(text.data(), end, integer); read.ec == std::errc() && read.ptr == end)
        return (*test)(integer);
      double number;
      const auto read = std::from_chars(text.data(), end, number);
      return read.ec == std::errc() && read.ptr == end && (*test)(number);
    }
  };
  template <class T>
  void test_values(const T* values, int64_t rows, uint8_t* mask) const {
    test_.for_each(values, rows, mask);
  }

  std::string column_;
  Test test_;
  TextCondition<InText> on_text_;
};

class Comparison {
 public:
  Comparison(Operator how, Number number) : how_(how), number_(number) {}

  bool operator()(int64_t value) const {
    if (const auto* integer = std::get_if<int64_t>(&number_)) return holds(value, how_, *integer);
    return (*this)(static_cast<double>(value));
  }
  bool operator()(double value) const { return holds(value, how_, as_double(number_)); }

  void for_each(const int64_t* values, int64_t rows, uint8_t* mask) const {
    if (const auto* integer = std::get_if<int64_t>(&number_)) return compare_all(values, rows, *integer, mask);
    compare_all(values, rows, as_double(number_), mask);
  }
  void for_each(const double* values, int64_t rows, uint8_t* mask) const {
    compare_all(values, rows, as_double(number_), mask);
  }

 private:
  // The operator is chosen once for a column, so that each loop can be vectorized.
  template <class T, class Literal>
  void compare_all(const T* values, int64_t rows, Literal literal, uint8_t* mask) const {
    const auto loop = [&](auto compare) {
      for (int64_t row = 0; row < rows; ++row)
        mask[row] &= static_cast<uint8_t>(compare(static_cast<Literal>(values[row]), literal));
    };
    switch (how_) {
      case Operator::equal: return loop(std::equal_to<>());
      case Operator::less: return loop(std::less<>());
      case Operator::less_or_equal: return loop(std::less_equal<>());
      case Operator::greater: return loop(std::greater<>());
      case Operator::greater_or_equal: return loop(std::greater_equal<>());
    }
  }

  Operator how_;
  Number number_;
};

class OneOfNumbers {
 public:
  explicit OneOfNumbers(const std::vector<Number>& numbers) {
    for (const auto& number : numbers) {
      doubles_.push_back(as_double(number));
      if (const auto* integer = std::get_if<int64_t>(&number)) integers_.push_back(*integer);
    }
    std::sort(integers_.begin(), integers_.end());
    std::sort(doubles_.begin(), doubles_.end());
  }

  // A number with a fraction equals no integer, so those need not be looked at.
  bool operator()(int64_t value) const { return std::binary_search(integers_.begin(), integers_.end(), value); }
  bool operator()(double value) const { return std::binary_search(doubles_.begin(), doubles_.end(), value); }

  template <class T>
  void for_each(const T* values, int64_t rows, uint8_t* mask) const {
    for (int64_t row = 0; row < rows; ++row) mask[row] = mask[row] && (*this)(values[row]);
  }

 private:
  std::vector<int64_t> integers_;
  std::vector<double> doubles_;
};

}  // namespace

ConditionPtr compare(std::string column, Operator how, Number number) {
  return std::make_unique<NumberCondition<Comparison>>(std::move(column), Comparison(how, number));
}

ConditionPtr is_one_of(std::string column, std::vector<Number> numbers) {
  return std::make_unique<NumberCondition<OneOfNumbers>>(std::move(column), OneOfNumbers(numbers));
}

}  // namespace levada::filter

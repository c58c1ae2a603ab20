// Conditions that set a column against numbers. Text that is a number counts as one.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>

#include "comparisons.h"
#include "json/decimal.h"
#include "json/json_text.h"
#include "text_condition.h"

namespace levada::conditions {
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

// A comparison with values of one type that gives what exact numbers would give,
// whatever the literal's type is.
template <class T>
struct Rule {
  Operator how = Operator::equal;
  T literal = 0;
  std::optional<bool> always;  // What it says of every value, where the literal does not matter.

  bool operator()(T value) const { return always ? *always : holds(value, how, literal); }
};

bool is_below(Operator how) { return how == Operator::less || how == Operator::less_or_equal; }

Rule<int64_t> rule_for_integers(Operator how, const Number& number) {
  if (const auto* integer = std::get_if<int64_t>(&number)) return {how, *integer, {}};
  const double literal = std::get<double>(number);
  constexpr double kBeyond = 0x1p63;
  if (literal >= kBeyond) return {how, 0, is_below(how)};
  if (literal < -kBeyond) return {how, 0, how != Operator::equal && !is_below(how)};
  const bool up = how == Operator::less || how == Operator::greater_or_equal;
  if (how == Operator::equal && std::trunc(literal) != literal) return {how, 0, false};
  return {how, static_cast<int64_t>(up ? std::ceil(literal) : std::floor(literal)), {}};
}

Rule<double> rule_for_doubles(Operator how, const Number& number) {
  if (const auto* literal = std::get_if<double>(&number)) return {how, *literal, {}};
  const auto integer = std::get<int64_t>(number);
  const auto near = static_cast<double>(integer);
  const bool is_above = near >= 0x1p63 || static_cast<int64_t>(near) > integer;
  const bool is_under = !is_above && static_cast<int64_t>(near) < integer;
  if (!is_above && !is_under) return {how, near, {}};
  // No double lies between the two.
  switch (how) {
    case Operator::equal: return {how, 0, false};
    case Operator::less:
    case Operator::less_or_equal: return {is_above ? Operator::less : Operator::less_or_equal, near, {}};
    case Operator::greater:
    case Operator::greater_or_equal: return {is_above ? Operator::greater_or_equal : Operator::greater, near, {}};
  }
  return {how, 0, false};
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
      if (const auto whole = parse_whole(text)) return (*test)(*whole);
      const auto number = parse_decimal(text) ? parse_double(text) : std::nullopt;
      return number && (*test)(*number);
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
  Comparison(Operator how, const Number& number)
      : integers_(rule_for_integers(how, number)), doubles_(rule_for_doubles(how, number)) {}

  bool operator()(int64_t value) const { return integers_(value); }
  bool operator()(double value) const { return doubles_(value); }

  void for_each(const int64_t* values, int64_t rows, uint8_t* mask) const {
    compare_all(values, rows, integers_, mask);
  }
  void for_each(const double* values, int64_t rows, uint8_t* mask) const { compare_all(values, rows, doubles_, mask); }

 private:
  // The operator is chosen once for a column, so that each loop can be vectorized.
  template <class T>
  static void compare_all(const T* values, int64_t rows, const Rule<T>& rule, uint8_t* mask) {
    if (rule.always) {
      if (!*rule.always) std::fill(mask, mask + rows, uint8_t{0});
      return;
    }
    const auto loop = [&](auto compare) {
      for (int64_t row = 0; row < rows; ++row) mask[row] &= static_cast<uint8_t>(compare(values[row], rule.literal));
    };
    switch (rule.how) {
      case Operator::equal: return loop(std::equal_to<>());
      case Operator::less: return loop(std::less<>());
      case Operator::less_or_equal: return loop(std::less_equal<>());
      case Operator::greater: return loop(std::greater<>());
      case Operator::greater_or_equal: return loop(std::greater_equal<>());
    }
  }

  Rule<int64_t> integers_;
  Rule<double> doubles_;
};

class OneOfNumbers {
 public:
  explicit OneOfNumbers(const std::vector<Number>& numbers) {
    for (const auto& number : numbers) {
      if (const auto rule = rule_for_integers(Operator::equal, number); !rule.always) integers_.push_back(rule.literal);
      if (const auto rule = rule_for_doubles(Operator::equal, number); !rule.always) doubles_.push_back(rule.literal);
    }
    std::sort(integers_.begin(), integers_.end());
    std::sort(doubles_.begin(), doubles_.end());
  }

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

}  // namespace levada::conditions

// The numbers of a column, or the differences of two, as aggregates add them up.
#pragma once

#include <string>
#include <vector>

#include "levada/batch.h"

namespace levada::window {

class Numbers {
 public:
  enum class Kind : uint8_t { none, integers, reals, times };

  Numbers(std::string column, std::string minus) : name_(std::move(column)), minus_(std::move(minus)) {}

  void bind(const Batch& batch) {
    const auto* column = batch.find(name_);
    const auto* other = minus_.empty() ? nullptr : batch.find(minus_);
    kind_ = Kind::none;
    valid_ = nullptr;
    if (!column || (!minus_.empty() && !other)) return;
    const auto rows = static_cast<size_t>(batch.rows());
    if (minus_.empty()) {
      kind_ = kind_of(column->type());
      if (kind_ == Kind::none) return;
      integers_ = column->values<int64_t>();
      reals_ = column->values<double>();
    } else {
      const auto left = kind_of(column->type()), right = kind_of(other->type());
      if (left == Kind::none || right == Kind::none) return;
      if (left == Kind::reals || right == Kind::reals) subtract_reals(*column, *other, rows);
      else subtract_integers(*column, *other, rows);
    }
    note_nulls(*column, other, rows);
  }
  Kind kind() const { return kind_; }
  bool valid(int64_t row) const { return !valid_ || valid_[row]; }
  int64_t integer(int64_t row) const { return integers_[row]; }
  double real(int64_t row) const { return reals_[row]; }

 private:
  static Kind kind_of(Type type) {
    if (type == Type::int64) return Kind::integers;
    if (type == Type::float64) return Kind::reals;
    return type == Type::timestamp ? Kind::times : Kind::none;
  }
  // What no int64_t holds is as good as no number.
  void subtract_integers(const Column& column, const Column& other, size_t rows) {
    own_.resize(rows);
    own_valid_.assign(rows, 1);
    for (size_t row = 0; row < rows; ++row)
      if (__builtin_sub_overflow(column.values<int64_t>()[row], other.values<int64_t>()[row], &own_[row])) {
        own_valid_[row] = 0;
        valid_ = own_valid_.data();
      }
    integers_ = own_.data();
    kind_ = Kind::integers;
  }
  void subtract_reals(const Column& column, const Column& other, size_t rows) {
    own_reals_.resize(rows);
    const auto value = [](const Column& from, size_t row) {
      return from.type() == Type::float64 ? from.values<double>()[row]
                                          : static_cast<double>(from.values<int64_t>()[row]);
    };
    for (size_t row = 0; row < rows; ++row) own_reals_[row] = value(column, row) - value(other, row);
    reals_ = own_reals_.data();
    kind_ = Kind::reals;
  }
  void note_nulls(const Column& column, const Column* other, size_t rows) {
    if (!column.has_nulls() && !(other && other->has_nulls())) return;
    if (!valid_) own_valid_.assign(rows, 1);
    valid_ = own_valid_.data();
    for (size_t row = 0; row < rows; ++row) {
      const auto at = static_cast<int64_t>(row);
      if (column.null(at) || (other && other->null(at))) own_valid_[row] = 0;
    }
  }

  const std::string name_, minus_;
  Kind kind_ = Kind::none;
  const int64_t* integers_ = nullptr;
  const double* reals_ = nullptr;
  const uint8_t* valid_ = nullptr;  // Null: all are.
  std::vector<int64_t> own_;
  std::vector<double> own_reals_;
  std::vector<uint8_t> own_valid_;
};

}  // namespace levada::window

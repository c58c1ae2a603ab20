// Quantiles of moving windows, of all values that are in them.
#include <cmath>
#include <limits>
#include <optional>

#include "moving_values.h"
#include "sorted_values.h"

namespace levada::window {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

class MovingQuantile final : public MovingValues {
 public:
  MovingQuantile(Numbers numbers, double share) : numbers_(std::move(numbers)), share_(share) {}

  void bind(const Batch& batch) override {
    numbers_.bind(batch);
    results_.emplace(batch.rows());
  }
  void take(std::span<const Step> steps) override {
    for (const Step& step : steps) {
      if (step.row == kLeaves) {
        leave(step.slot, step.place);
      } else {
        come(step.slot, step.place, value_of(step.row));
        add_result(step.slot);
      }
    }
  }
  void skip(size_t rows) override {
    for (size_t row = 0; row < rows; ++row) results_->append_null();
  }
  Column finish(std::string name) override {
    return (*std::exchange(results_, std::nullopt)).finish(std::move(name), Type::float64);
  }

  // Half of a block of a key may be empty.
  size_t bytes_with(size_t rows) const override {
    return bytes_ + values_.capacity() * sizeof(SortedValues) + (at_.capacity() + 3 * rows) * sizeof(double);
  }
  void save(std::span<const Step> rows, StateWriter& to) const override {
    for (const Step& row : rows) to.value(at_[row.place]);
  }
  void load(std::span<const Step> rows, StateReader& from) override {
    for (const Step& row : rows) come(row.slot, row.place, from.value<double>());
  }
  void clear() override {
    values_.clear();
    at_.clear();
    bytes_ = 0;
  }

 private:
  // NaN where it has none. There is one zero.
  double value_of(int64_t row) const {
    if (numbers_.kind() == Numbers::Kind::none || !numbers_.valid(row)) return kNothing;
    if (numbers_.kind() == Numbers::Kind::reals) return numbers_.real(row) + 0.0;
    return static_cast<double>(numbers_.integer(row));
  }
  void come(Slot slot, Place place, double value) {
    if (place >= at_.size()) at_.resize(place + 1, kNothing);
    if (slot >= values_.size()) values_.resize(slot + 1);
    at_[place] = value;
    if (!std::isnan(value)) change(slot, [&](SortedValues& values) { values.add(value); });
  }
  void leave(Slot slot, Place place) {
    const double value = std::exchange(at_[place], kNothing);
    if (!std::isnan(value)) change(slot, [&](SortedValues& values) { values.remove(value); });
  }
  template <class Change>
  void change(Slot slot, Change change) {
    auto& values = values_[slot];
    bytes_ -= values.bytes();
    change(values);
    bytes_ += values.bytes();
  }
  void add_result(Slot slot) {
    const auto& values = values_[slot];
    values.size() == 0 ? results_->append_null() : results_->append(quantile(values));
  }
  double quantile(const SortedValues& values) const {
    const double rank = share_ * static_cast<double>(values.size() - 1), part = rank - std::floor(rank);
    const auto below = static_cast<size_t>(rank);
    const double from = values[below];
    if (part == 0 || std::isinf(from)) return from;
    const double to = values[below + 1], distance = to - from;
    if (std::isinf(to)) return to;
    return std::isfinite(distance) ? from + distance * part : from * (1 - part) + to * part;
  }

  Numbers numbers_;
  const double share_;
  std::vector<SortedValues> values_;  // Of each slot.
  std::vector<double> at_;            // The value at each place.
  size_t bytes_ = 0;
  std::optional<ValueBuilder<double>> results_;  // Of the batch.
};

}  // namespace

std::unique_ptr<MovingValues> make_moving_quantile(Numbers numbers, double share) {
  return std::make_unique<MovingQuantile>(std::move(numbers), share);
}

}  // namespace levada::window

// How many different values there are in a moving window.
#include <optional>

#include "counted_values.h"

namespace levada::window {
namespace {

class MovingDistinct final : public CountedValues {
 public:
  explicit MovingDistinct(std::string column) : CountedValues(std::move(column)) {}
  void skip(size_t rows) override {
    for (size_t row = 0; row < rows; ++row) results_->append_null();
  }
  Column finish(std::string name) override {
    return (*std::exchange(results_, std::nullopt)).finish(std::move(name), Type::int64);
  }

 private:
  void counted(Slot slot, Number, int64_t before, int64_t now) override {
    if (slot >= values_.size()) values_.resize(slot + 1, 0);
    values_[slot] += (before == 0) - (now == 0);
  }
  void begin_results(int64_t rows) override { results_.emplace(rows); }
  void add_result(Slot slot) override { results_->append(slot < values_.size() ? values_[slot] : 0); }
  size_t own_bytes() const override { return values_.capacity() * sizeof(int64_t); }
  void clear_own() override { values_.clear(); }

  std::vector<int64_t> values_;                   // Of each slot.
  std::optional<ValueBuilder<int64_t>> results_;  // Of the batch.
};

}  // namespace

std::unique_ptr<MovingValues> make_moving_distinct(const std::string& column) {
  return std::make_unique<MovingDistinct>(column);
}

}  // namespace levada::window

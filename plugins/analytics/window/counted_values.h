// How often each value is in the moving window of each key.
#pragma once

#include "moving_values.h"

namespace levada::window {

class CountedValues : public MovingValues {
 public:
  void bind(const Batch& batch) final {
    keys_.read(batch);
    begin_results(batch.rows());
  }
  void take(std::span<const Step> steps) final;
  size_t bytes_with(size_t rows) const final;
  void save(std::span<const Step> rows, StateWriter& to) const final;
  void load(std::span<const Step> rows, StateReader& from) final;
  void clear() final;

 protected:
  using Number = KeyTable::Number;

  explicit CountedValues(std::string column) : keys_({std::move(column)}) {}

  int64_t count(Number number) const { return pairs_.state<Pair>(number).count; }
  Key value(Number number) const {
    const Key pair = pairs_.key(number);
    return {pair.kind, pair.bytes.substr(sizeof(Slot))};
  }
  // The number of a value of a key came to be another: 0 to 1 is one that is new, 1 to 0 one that
  // is gone.
  virtual void counted(Slot slot, Number number, int64_t before, int64_t now) = 0;
  virtual void begin_results(int64_t rows) = 0;
  virtual void add_result(Slot slot) = 0;
  // Numbers are others from now on; those of values that are gone are no more.
  virtual void renumber(const std::vector<Number>& /*numbers*/) {}
  virtual size_t own_bytes() const = 0;
  virtual void clear_own() = 0;

 private:
  struct Pair {
    int64_t count;
  };
  void come(Slot slot, Place place, Key value);
  void leave(Slot slot, Place place);
  void forget_values();

  RowKeys keys_;
  KeyTable pairs_{sizeof(Pair)};  // Of a slot and a value.
  size_t live_ = 0;               // So many of them are in a window.
  std::vector<Number> at_;        // The pair of each place; kNone: a null.
  std::string bytes_;             // Of a pair, for a call.
};

}  // namespace levada::window

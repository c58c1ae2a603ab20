// Aggregates of moving windows that cannot be joined: of each key's window all values are counted,
// as rows come and go one by one. Exact.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "levada/key_table.h"
#include "numbers.h"

namespace levada::window {

class MovingValues {
 public:
  // Of a key, and of a row in a window: both are used again for others.
  using Slot = uint32_t;
  using Place = uint32_t;
  static constexpr int64_t kLeaves = -1;
  struct Step {
    Slot slot;
    Place place;
    int64_t row;  // That of the batch which comes; or kLeaves.
  };

  virtual ~MovingValues() = default;
  virtual void bind(const Batch& batch) = 0;
  // Takes these steps in their order; each row that comes has a result.
  virtual void take(std::span<const Step> steps) = 0;
  // So many rows have none.
  virtual void skip(size_t rows) = 0;
  // The results since the last call.
  virtual Column finish(std::string name) = 0;

  // Memory that it would hold with so many rows more.
  virtual size_t bytes_with(size_t rows) const = 0;
  // The values at these places.
  virtual void save(std::span<const Step> rows, StateWriter& to) const = 0;
  // Into an empty one.
  virtual void load(std::span<const Step> rows, StateReader& from) = 0;
  virtual void clear() = 0;
};

// How many different values there are.
std::unique_ptr<MovingValues> make_moving_distinct(const std::string& column);
// The value below which that share lies, between two values in proportion.
std::unique_ptr<MovingValues> make_moving_quantile(Numbers numbers, double share);
// The values that came most often, as Top gives them.
std::unique_ptr<MovingValues> make_moving_top(const std::string& column, size_t values);

}  // namespace levada::window

// Aggregates of more than a few words a key: distinct_approximate, quantile, top.
#pragma once

#include "numbers.h"
#include "sketch_aggregate.h"
#include "sketches.h"
#include "t_digest.h"

namespace levada::window {

class DistinctApproximate final : public SketchAggregate<HyperLogLog> {
 public:
  explicit DistinctApproximate(std::string column) : keys_({std::move(column)}) {}
  void bind(const Batch& batch, const int64_t*) override { keys_.read(batch); }
  void add(std::span<const int64_t> rows, char* const* records, Shared*) override;
  Column finish(std::string name, std::span<const char* const> records, const Shared*) const override;

 private:
  RowKeys keys_;
};

class Quantile final : public SketchAggregate<TDigest> {
 public:
  Quantile(Numbers numbers, double share) : numbers_(std::move(numbers)), share_(share) {}
  void bind(const Batch& batch, const int64_t*) override { numbers_.bind(batch); }
  void add(std::span<const int64_t> rows, char* const* records, Shared*) override;
  Column finish(std::string name, std::span<const char* const> records, const Shared*) const override;
  std::unique_ptr<MovingValues> make_moving() const override { return make_moving_quantile(numbers_, share_); }

 private:
  Numbers numbers_;
  const double share_;
};

// The values that came most often, as JSON: [{"value":"/","count":17}, ...]; of those that came as
// often the least first.
class Top final : public SketchAggregate<ValueCounts> {
 public:
  Top(std::string column, size_t values) : keys_({std::move(column)}), values_(values) {}
  void bind(const Batch& batch, const int64_t*) override { keys_.read(batch); }
  void add(std::span<const int64_t> rows, char* const* records, Shared*) override;
  Column finish(std::string name, std::span<const char* const> records, const Shared*) const override;
  std::unique_ptr<MovingValues> make_moving() const override { return make_moving_top(keys_.columns()[0], values_); }

 private:
  RowKeys keys_;
  const size_t values_;
};

}  // namespace levada::window

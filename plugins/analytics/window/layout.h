// What the records of a window's keys are made of.
#pragma once

#include <vector>

#include "aggregate.h"

namespace levada::window {

// Sets the offsets of the aggregates.
class Layout {
 public:
  // With `counts_rows` a table knows which of its keys have rows, when others were taken away.
  Layout(std::vector<NamedAggregate> aggregates, bool counts_rows);
  // The last may be one without a name, that counts rows where no other does.
  const std::vector<NamedAggregate>& aggregates() const { return aggregates_; }
  size_t state_bytes() const { return state_bytes_; }
  bool can_take_away() const;
  bool holds_memory() const;
  bool counts_rows() const { return count_ != nullptr; }
  bool has_rows(const char* record) const {
    return !count_ || *reinterpret_cast<const int64_t*>(record + count_->offset) > 0;
  }
  void bind(const Batch& batch, const int64_t* times) const;
  std::vector<std::unique_ptr<Aggregate::Shared>> make_shared() const;
  // By how many bytes the memory that records hold has grown since the last call.
  size_t take_growth() const;

 private:
  std::vector<NamedAggregate> aggregates_;
  size_t state_bytes_ = 0;
  const Aggregate* count_ = nullptr;
};

}  // namespace levada::window

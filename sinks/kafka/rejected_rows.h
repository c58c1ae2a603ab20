// The rows that Kafka turned down since the last commit, gathered out of many batches into one.
#pragma once

#include <span>
#include <vector>

#include "levada/batch.h"

namespace levada::kafka_sink {

class RejectedRows {
 public:
  void add(const Batch& batch, std::span<const Rejection> rejections) {
    parts_.push_back(Batch::rejected(batch, rejections));
  }
  bool empty() const { return parts_.empty(); }
  void clear() { parts_.clear(); }
  // All of them, with a column "reason". A row has nulls in the columns that its batch did not have; a column that has
  // different types in different batches becomes text. Opaque columns are kept where all rows come from one batch.
  Batch take();

 private:
  std::vector<Batch> parts_;
};

}  // namespace levada::kafka_sink

// Rows of a batch of which no row of the table can be made, each with the first reason found.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "levada/batch.h"

namespace levada::postgres_sink {

class Misfits {
 public:
  void reset(int64_t rows) {
    known_.assign(static_cast<size_t>(rows), false);
    all_.clear();
  }
  void add(int64_t row, std::string reason) {
    if (known_[static_cast<size_t>(row)]) return;
    known_[static_cast<size_t>(row)] = true;
    all_.push_back({row, std::move(reason), {}});
  }
  bool empty() const { return all_.empty(); }
  std::vector<Rejection>& all() { return all_; }

 private:
  std::vector<bool> known_;
  std::vector<Rejection> all_;
};

}  // namespace levada::postgres_sink

// Rows that made a transaction fail. They are remembered until a commit succeeds: when all is
// written again, a row that is at fault is left out, and one that is only under suspicion is sent
// with nothing else under way.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "levada/batch.h"

namespace levada::kafka_sink {

struct BlamedRow {
  std::string stream;  // Its batch,
  uint64_t sequence;   // the same whenever it is written again,
  int64_t row;         // and its number there.
  std::string reason;
  bool certain;  // At fault itself; else it was rejected together with others.
};

class BlamedRows {
 public:
  // Which rows of a batch cannot be sent like the others; in order.
  struct Care {
    int64_t row;
    const std::string* reason;  // Why it is rejected; null: it is to be sent alone.
  };

  bool empty() const { return batches_.empty(); }
  void clear() { batches_.clear(); }
  // What the broker refuses alone is at fault, even where it was not sent so on purpose.
  void remember(std::vector<BlamedRow> rows) {
    const auto suspects = std::count_if(rows.begin(), rows.end(), [](const BlamedRow& row) { return !row.certain; });
    for (auto& row : rows) {
      Reason& known = batches_[{std::move(row.stream), row.sequence}][row.row];
      if (row.certain || suspects == 1) known = {std::move(row.reason), true};
    }
  }
  std::vector<Care> of(const Batch& batch) const {
    std::vector<Care> care;
    const auto known = batches_.find({batch.stream, batch.sequence});
    if (known == batches_.end()) return care;
    for (const auto& [row, reason] : known->second) care.push_back({row, reason.certain ? &reason.text : nullptr});
    return care;
  }

 private:
  struct Reason {
    std::string text;
    bool certain = false;
  };
  std::map<std::pair<std::string, uint64_t>, std::map<int64_t, Reason>> batches_;
};

}  // namespace levada::kafka_sink

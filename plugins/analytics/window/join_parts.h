// Batches of one call as one.
#pragma once

#include <vector>

#include "levada/joined_rows.h"

namespace levada::window {

// Of batches that can be joined with the first.
inline Batch join_parts(std::vector<Batch>& parts) {
  if (parts.empty()) return Batch(0);
  if (parts.size() == 1) return std::move(parts[0]);
  std::vector<RowOf> all;
  for (const auto& part : parts)
    for (int64_t row = 0; row < part.rows(); ++row) all.push_back({&part, row});
  return join_rows(all);
}

}  // namespace levada::window

// Which rows of a data file count no more: the bitmap that a deletion vector of the log stands for.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "actions.h"
#include "lake/stores/file_store.h"
#include "levada/result.h"

namespace levada::delta {

// Where the bitmap lies, from the table's folder; empty: in the log itself. FATAL where that is
// outside of the table, or the log says nothing that makes sense.
Result<std::string> path_of(const DeletionVector& vector);

class DeletedRows {
 public:
  // FATAL where the bitmap is missing or damaged.
  static Result<DeletedRows> read(lake::FileStore& store, const DeletionVector& vector);

  bool contains(int64_t row) const {
    const auto block = blocks_.find(row >> 16);
    return block != blocks_.end() && (block->second[(row & 0xffff) / 64] >> (row % 64) & 1) != 0;
  }
  int64_t rows() const { return rows_; }

 private:
  // A bit for each of 65,536 rows.
  using Block = std::array<uint64_t, 1024>;
  class Parser;
  std::map<int64_t, Block> blocks_;
  int64_t rows_ = 0;
};

}  // namespace levada::delta

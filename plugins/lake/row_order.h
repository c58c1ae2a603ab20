// In which order rows are written, and columns in that order. For files that include Arrow anyway.
#pragma once

#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace levada::lake {

struct RowOrder {
  std::vector<int64_t> rows;
  std::vector<int64_t> starts;  // Where in `rows` each group begins, and where the last one ends.
};

// Group by group; within a group by these columns, nulls first, else as they came.
RowOrder order_rows(const arrow::RecordBatch& rows, const std::vector<int>& sort_columns,
                    std::span<const int32_t> group_of_row, size_t groups);

// These rows of an array. Text keeps its bytes where they are.
arrow::Result<std::shared_ptr<arrow::Array>> gather(const std::shared_ptr<arrow::Array>& array,
                                                    std::span<const int64_t> rows);

// Whether rows can be in its order.
bool can_sort(const arrow::DataType& type);

}  // namespace levada::lake

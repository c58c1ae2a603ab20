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
  std::vector<int32_t> positions;  // Of each row, among the rows in their order.
  std::vector<int64_t> starts;     // The position at which each group begins, and where the last one ends.

  // The other way round: which row stands at each position.
  std::vector<int64_t> rows() const;
};

// Group by group; within a group by these columns, nulls first, else as they came. `to` keeps its
// memory from call to call.
void order_rows(const arrow::ArrayVector& sort_columns, std::span<const int32_t> group_of_row, size_t groups,
                RowOrder& to);

// Memory that is used again once no array has it any more.
class Scratch {
 public:
  // At least so many bytes.
  arrow::Result<std::shared_ptr<arrow::Buffer>> take(int64_t bytes);

 private:
  std::vector<std::shared_ptr<arrow::Buffer>> buffers_;
};

// A column that lies in several arrays, one behind the other, as one array in that order. Short
// texts are copied, so that those of a group stand together; long ones stay where they are.
arrow::Result<std::shared_ptr<arrow::Array>> arrange(const arrow::ArrayVector& column, const RowOrder& order,
                                                     std::span<const int32_t> group_of_row, Scratch& scratch);

// These rows of an array. Text keeps its bytes where they are.
arrow::Result<std::shared_ptr<arrow::Array>> gather(const std::shared_ptr<arrow::Array>& array,
                                                    std::span<const int64_t> rows);

// Whether rows can be in its order.
bool can_sort(const arrow::DataType& type);

}  // namespace levada::lake

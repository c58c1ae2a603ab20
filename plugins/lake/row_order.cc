// Stable sorts, from the last column to the first.
#include "lake/row_order.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>

#include "levada/column.h"

namespace levada::lake {
namespace {

using ArrayPointer = std::shared_ptr<arrow::Array>;

template <class Get>
void sort_by(const arrow::Array& array, std::vector<int64_t>& rows, Get get) {
  const bool has_nulls = array.null_count() > 0;
  std::stable_sort(rows.begin(), rows.end(), [&](int64_t one, int64_t other) {
    if (has_nulls) {
      const bool one_null = array.IsNull(one), other_null = array.IsNull(other);
      if (one_null || other_null) return one_null && !other_null;
    }
    return get(one) < get(other);
  });
}

template <class Number>
void sort_by_numbers(const arrow::Array& array, std::vector<int64_t>& rows) {
  sort_by(array, rows, [numbers = array.data()->GetValues<Number>(1)](int64_t row) { return numbers[row]; });
}

void sort_rows(const arrow::Array& array, std::vector<int64_t>& rows) {
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return sort_by(array, rows,
                     [&](int64_t row) { return static_cast<const arrow::BooleanArray&>(array).Value(row); });
    case arrow::Type::INT8: return sort_by_numbers<int8_t>(array, rows);
    case arrow::Type::INT16: return sort_by_numbers<int16_t>(array, rows);
    case arrow::Type::INT32:
    case arrow::Type::DATE32: return sort_by_numbers<int32_t>(array, rows);
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP: return sort_by_numbers<int64_t>(array, rows);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return sort_by(array, rows,
                     [&](int64_t row) { return static_cast<const arrow::BinaryViewArray&>(array).GetView(row); });
    default: return;
  }
}

template <class Value>
void copy_values(const arrow::ArrayData& from, std::span<const int64_t> rows, uint8_t* to) {
  const auto* values = from.GetValues<Value>(1);
  auto* at = reinterpret_cast<Value*>(to);
  for (const int64_t row : rows) *at++ = values[row];
}

arrow::Result<std::shared_ptr<arrow::Buffer>> gather_bits(const uint8_t* bits, int64_t offset,
                                                          std::span<const int64_t> rows) {
  ARROW_ASSIGN_OR_RAISE(auto gathered, arrow::AllocateEmptyBitmap(static_cast<int64_t>(rows.size())));
  auto* to = gathered->mutable_data();
  for (size_t at = 0; at < rows.size(); ++at)
    if (arrow::bit_util::GetBit(bits, offset + rows[at])) arrow::bit_util::SetBit(to, static_cast<int64_t>(at));
  return gathered;
}

// Null where no value is null.
arrow::Result<std::shared_ptr<arrow::Buffer>> gather_validity(const arrow::ArrayData& data,
                                                              std::span<const int64_t> rows) {
  if (data.GetNullCount() == 0) return std::shared_ptr<arrow::Buffer>();
  return gather_bits(data.buffers[0]->data(), data.offset, rows);
}

arrow::Result<ArrayPointer> made(const arrow::ArrayData& like, int64_t rows,
                                 std::vector<std::shared_ptr<arrow::Buffer>> buffers,
                                 std::vector<std::shared_ptr<arrow::ArrayData>> children = {}) {
  const int64_t nulls = buffers[0] ? arrow::kUnknownNullCount : 0;
  return arrow::MakeArray(arrow::ArrayData::Make(like.type, rows, std::move(buffers), std::move(children), nulls));
}

arrow::Result<ArrayPointer> gather_structs(const arrow::ArrayData& data, std::span<const int64_t> rows) {
  std::vector<int64_t> below(rows.begin(), rows.end());
  for (auto& row : below) row += data.offset;
  arrow::ArrayDataVector members;
  for (const auto& member : data.child_data) {
    ARROW_ASSIGN_OR_RAISE(auto gathered, gather(arrow::MakeArray(member), below));
    members.push_back(gathered->data());
  }
  ARROW_ASSIGN_OR_RAISE(auto valid, gather_validity(data, rows));
  return made(data, static_cast<int64_t>(rows.size()), {std::move(valid)}, std::move(members));
}

arrow::Result<ArrayPointer> gather_lists(const arrow::ArrayData& data, std::span<const int64_t> rows) {
  const auto* from = data.GetValues<int32_t>(1);
  std::vector<int64_t> items;
  const auto count = static_cast<int64_t>(rows.size());
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> offsets,
                        arrow::AllocateBuffer((count + 1) * static_cast<int64_t>(sizeof(int32_t))));
  auto* to = reinterpret_cast<int32_t*>(offsets->mutable_data());
  *to = 0;
  for (const int64_t row : rows) {
    for (int64_t item = from[row]; item < from[row + 1]; ++item) items.push_back(item);
    // Each row is there once, so that these are no more items than came in.
    *++to = static_cast<int32_t>(items.size());
  }
  ARROW_ASSIGN_OR_RAISE(auto gathered, gather(arrow::MakeArray(data.child_data[0]), items));
  ARROW_ASSIGN_OR_RAISE(auto valid, gather_validity(data, rows));
  return made(data, count, {std::move(valid), std::move(offsets)}, {gathered->data()});
}

// Of texts with offsets.
arrow::Result<ArrayPointer> gather_texts(const arrow::ArrayData& data, std::span<const int64_t> rows) {
  const auto* from = data.GetValues<int32_t>(1);
  const auto count = static_cast<int64_t>(rows.size());
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> offsets,
                        arrow::AllocateBuffer((count + 1) * static_cast<int64_t>(sizeof(int32_t))));
  auto* ends = reinterpret_cast<int32_t*>(offsets->mutable_data());
  *ends = 0;
  for (const int64_t row : rows) {
    ends[1] = ends[0] + from[row + 1] - from[row];
    ++ends;
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bytes, arrow::AllocateBuffer(*ends));
  auto* to = bytes->mutable_data();
  for (const int64_t row : rows) {
    const auto size = from[row + 1] - from[row];
    if (size > 0) std::memcpy(to, data.buffers[2]->data() + from[row], static_cast<size_t>(size));
    to += size;
  }
  ARROW_ASSIGN_OR_RAISE(auto valid, gather_validity(data, rows));
  return made(data, count, {std::move(valid), std::move(offsets), std::move(bytes)});
}

// Bytes of a value of the type in its second buffer; 0: it has other buffers.
int width_of(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8: return 1;
    case arrow::Type::INT16: return 2;
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::FLOAT: return 4;
    case arrow::Type::INT64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DOUBLE: return 8;
    case arrow::Type::DECIMAL128:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: return 16;
    default: return 0;
  }
}

// For types of other layouts: run by run.
arrow::Result<ArrayPointer> gather_runs(const ArrayPointer& array, std::span<const int64_t> rows) {
  if (rows.empty()) return array->Slice(0, 0);
  arrow::ArrayVector runs;
  for (size_t at = 0; at < rows.size();) {
    size_t end = at + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    runs.push_back(array->Slice(rows[at], static_cast<int64_t>(end - at)));
    at = end;
  }
  return arrow::Concatenate(runs);
}

}  // namespace

bool can_sort(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW: return true;
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL128: return false;
    default: return width_of(type) > 0;
  }
}

RowOrder order_rows(const arrow::RecordBatch& rows, const std::vector<int>& sort_columns,
                    std::span<const int32_t> group_of_row, size_t groups) {
  std::vector<int64_t> sorted(group_of_row.size());
  std::iota(sorted.begin(), sorted.end(), int64_t{0});
  for (auto column = sort_columns.rbegin(); column != sort_columns.rend(); ++column)
    sort_rows(*rows.column(*column), sorted);
  RowOrder order;
  order.starts.resize(groups + 1);
  for (const int32_t group : group_of_row) ++order.starts[static_cast<size_t>(group) + 1];
  std::partial_sum(order.starts.begin(), order.starts.end(), order.starts.begin());
  if (groups == 1) {
    order.rows = std::move(sorted);
    return order;
  }
  auto next = order.starts;
  order.rows.resize(sorted.size());
  for (const int64_t row : sorted)
    order.rows[static_cast<size_t>(next[static_cast<size_t>(group_of_row[static_cast<size_t>(row)])]++)] = row;
  return order;
}

arrow::Result<ArrayPointer> gather(const ArrayPointer& array, std::span<const int64_t> rows) {
  const auto& data = *array->data();
  const auto count = static_cast<int64_t>(rows.size());
  const int width = width_of(*array->type());
  if (array->type_id() == arrow::Type::STRUCT) return gather_structs(data, rows);
  if (array->type_id() == arrow::Type::LIST) return gather_lists(data, rows);
  if (array->type_id() == arrow::Type::STRING || array->type_id() == arrow::Type::BINARY)
    return gather_texts(data, rows);
  const bool boolean = array->type_id() == arrow::Type::BOOL;
  if (width == 0 && !boolean) return gather_runs(array, rows);
  auto buffers = data.buffers;
  ARROW_ASSIGN_OR_RAISE(buffers[0], gather_validity(data, rows));
  if (boolean) {
    ARROW_ASSIGN_OR_RAISE(buffers[1], gather_bits(data.buffers[1]->data(), data.offset, rows));
  } else {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values, arrow::AllocateBuffer(count * width));
    auto* to = values->mutable_data();
    switch (width) {
      case 1: copy_values<uint8_t>(data, rows, to); break;
      case 2: copy_values<uint16_t>(data, rows, to); break;
      case 4: copy_values<uint32_t>(data, rows, to); break;
      case 8: copy_values<uint64_t>(data, rows, to); break;
      default: copy_values<View>(data, rows, to); break;
    }
    buffers[1] = std::move(values);
  }
  return made(data, count, std::move(buffers));
}

}  // namespace levada::lake

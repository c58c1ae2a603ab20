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

#include "lake/memory.h"
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
  ARROW_ASSIGN_OR_RAISE(auto gathered, arrow::AllocateEmptyBitmap(static_cast<int64_t>(rows.size()), memory_pool()));
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
                        arrow::AllocateBuffer((count + 1) * static_cast<int64_t>(sizeof(int32_t)), memory_pool()));
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
                        arrow::AllocateBuffer((count + 1) * static_cast<int64_t>(sizeof(int32_t)), memory_pool()));
  auto* ends = reinterpret_cast<int32_t*>(offsets->mutable_data());
  *ends = 0;
  for (const int64_t row : rows) {
    ends[1] = ends[0] + from[row + 1] - from[row];
    ++ends;
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bytes, arrow::AllocateBuffer(*ends, memory_pool()));
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

bool is_view(const arrow::DataType& type) {
  return type.id() == arrow::Type::STRING_VIEW || type.id() == arrow::Type::BINARY_VIEW;
}

template <class Value>
void scatter(const arrow::ArrayData& from, std::span<const int32_t> positions, arrow::Buffer& to) {
  const auto* values = from.GetValues<Value>(1);
  auto* out = to.mutable_data_as<Value>();
  for (const int32_t position : positions) out[position] = *values++;
}

// `before`: blocks of text that stand before those of these views.
void scatter_views(const arrow::ArrayData& from, std::span<const int32_t> positions, uint32_t before,
                   arrow::Buffer& to) {
  const auto* views = from.GetValues<View>(1);
  auto* out = to.mutable_data_as<View>();
  for (const int32_t position : positions) {
    View view = *views++;
    // That of a null may be anything.
    if (!view.is_inline())
      view.outside.buffer = static_cast<int32_t>(static_cast<uint32_t>(view.outside.buffer) + before);
    out[position] = view;
  }
}

// Null where no value is null.
arrow::Result<std::shared_ptr<arrow::Buffer>> scatter_validity(const arrow::ArrayVector& column,
                                                               const RowOrder& order) {
  if (std::all_of(column.begin(), column.end(), [](const auto& array) { return array->null_count() == 0; }))
    return std::shared_ptr<arrow::Buffer>();
  ARROW_ASSIGN_OR_RAISE(auto valid,
                        arrow::AllocateEmptyBitmap(static_cast<int64_t>(order.positions.size()), memory_pool()));
  const int32_t* position = order.positions.data();
  for (const auto& array : column)
    for (int64_t row = 0; row < array->length(); ++row, ++position)
      if (array->IsValid(row)) arrow::bit_util::SetBit(valid->mutable_data(), *position);
  return valid;
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
  return arrow::Concatenate(runs, memory_pool());
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

std::vector<int64_t> RowOrder::rows() const {
  std::vector<int64_t> rows(positions.size());
  for (size_t row = 0; row < positions.size(); ++row)
    rows[static_cast<size_t>(positions[row])] = static_cast<int64_t>(row);
  return rows;
}

RowOrder order_rows(const arrow::ArrayVector& sort_columns, std::span<const int32_t> group_of_row, size_t groups) {
  RowOrder order;
  order.starts.resize(groups + 1);
  for (const int32_t group : group_of_row) ++order.starts[static_cast<size_t>(group) + 1];
  std::partial_sum(order.starts.begin(), order.starts.end(), order.starts.begin());
  std::vector<int32_t> next(order.starts.begin(), order.starts.end());
  order.positions.resize(group_of_row.size());
  const auto place = [&](size_t row) { order.positions[row] = next[static_cast<size_t>(group_of_row[row])]++; };
  if (sort_columns.empty()) {
    for (size_t row = 0; row < group_of_row.size(); ++row) place(row);
    return order;
  }
  std::vector<int64_t> sorted(group_of_row.size());
  std::iota(sorted.begin(), sorted.end(), int64_t{0});
  for (auto column = sort_columns.rbegin(); column != sort_columns.rend(); ++column) sort_rows(**column, sorted);
  for (const int64_t row : sorted) place(static_cast<size_t>(row));
  return order;
}

arrow::Result<ArrayPointer> arrange(const arrow::ArrayVector& column, const RowOrder& order) {
  const auto& type = column[0]->type();
  const int width = width_of(*type);
  if (width == 0) {
    auto whole =
        column.size() == 1 ? column[0] : arrow::Result<ArrayPointer>(arrow::Concatenate(column, memory_pool()));
    ARROW_RETURN_NOT_OK(whole);
    return gather(*whole, order.rows());
  }
  const auto rows = static_cast<int64_t>(order.positions.size());
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values, arrow::AllocateBuffer(rows * width, memory_pool()));
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {nullptr, values};
  const int32_t* positions = order.positions.data();
  for (const auto& array : column) {
    const auto& data = *array->data();
    const std::span to(positions, static_cast<size_t>(array->length()));
    positions += array->length();
    switch (width) {
      case 1: scatter<uint8_t>(data, to, *values); break;
      case 2: scatter<uint16_t>(data, to, *values); break;
      case 4: scatter<uint32_t>(data, to, *values); break;
      case 8: scatter<uint64_t>(data, to, *values); break;
      default:
        if (!is_view(*type)) {
          scatter<View>(data, to, *values);
          break;
        }
        scatter_views(data, to, static_cast<uint32_t>(buffers.size() - 2), *values);
        buffers.insert(buffers.end(), data.buffers.begin() + 2, data.buffers.end());
    }
  }
  ARROW_ASSIGN_OR_RAISE(buffers[0], scatter_validity(column, order));
  return made(*column[0]->data(), rows, std::move(buffers));
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
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values, arrow::AllocateBuffer(count * width, memory_pool()));
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

// Stable sorts, from the last column to the first.
#include "lake/row_order.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/buffer.h>
#include <arrow/record_batch.h>
#include <arrow/util/bit_util.h>

#include <algorithm>
#include <cstring>
#include <limits>
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

// Calls each(row, view, blocks) for all rows of a column; the view of a null is empty, others point
// into these blocks.
template <class Each>
void for_each_view(const arrow::ArrayVector& column, Each each) {
  size_t row = 0;
  for (const auto& array : column) {
    const auto* views = array->data()->GetValues<View>(1);
    const auto* blocks = array->data()->buffers.data() + 2;
    if (array->null_count() == 0) {
      for (int64_t at = 0; at < array->length(); ++at) each(row++, views[at], blocks);
    } else {
      for (int64_t at = 0; at < array->length(); ++at) each(row++, array->IsNull(at) ? View{} : views[at], blocks);
    }
  }
}

// Of a text that does not stand in its view, by loads that overlap.
void copy_text(uint8_t* to, const uint8_t* from, size_t size) {
  struct Words {
    uint64_t low, high;
  };
  const auto copy = [&]<class Part>(Part part, size_t at) {
    std::memcpy(&part, from + at, sizeof part);
    return part;
  };
  if (size > 32) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    const auto first = copy(Words(), 0), last = copy(Words(), size - 16);
    std::memcpy(to, &first, 16);
    std::memcpy(to + size - 16, &last, 16);
  } else {
    const auto first = copy(uint64_t(), 0), last = copy(uint64_t(), size - 8);
    std::memcpy(to, &first, 8);
    std::memcpy(to + size - 8, &last, 8);
  }
}

// The bytes of texts outside of their views, of each group; nothing where it does not pay to copy
// them.
std::vector<int64_t> bytes_to_copy(const arrow::ArrayVector& column, std::span<const int32_t> group_of_row,
                                   size_t groups) {
  constexpr int64_t kShort = 128;
  std::vector<int64_t> bytes(groups);
  for_each_view(column, [&](size_t row, const View& view, const auto*) {
    bytes[static_cast<size_t>(group_of_row[row])] += view.is_inline() ? 0 : view.size;
  });
  const auto all = std::accumulate(bytes.begin(), bytes.end(), int64_t{0});
  const auto rows = static_cast<int64_t>(group_of_row.size());
  if (groups == 1 || all > kShort * rows || all > std::numeric_limits<int32_t>::max()) bytes.clear();
  return bytes;
}

// `bytes`: of each group. They are read as they came, and written to one place for each group: who
// writes a group then finds its texts in the cache.
arrow::Result<std::shared_ptr<arrow::Buffer>> copy_texts(const arrow::ArrayVector& column, const RowOrder& order,
                                                         std::span<const int32_t> group_of_row,
                                                         std::vector<int64_t> bytes, View* views, Scratch& scratch) {
  ARROW_ASSIGN_OR_RAISE(auto block, scratch.take(std::accumulate(bytes.begin(), bytes.end(), int64_t{0})));
  auto* texts = block->mutable_data();
  auto& next = bytes;
  std::exclusive_scan(bytes.begin(), bytes.end(), next.begin(), int64_t{0});
  for_each_view(column, [&](size_t row, View view, const auto* blocks) {
    if (!view.is_inline()) {
      auto& at = next[static_cast<size_t>(group_of_row[row])];
      copy_text(texts + at, blocks[view.outside.buffer]->data() + view.outside.offset, static_cast<size_t>(view.size));
      view.outside.buffer = 0;
      view.outside.offset = static_cast<int32_t>(at);
      at += view.size;
    }
    views[order.positions[row]] = view;
  });
  return block;
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

void order_rows(const arrow::ArrayVector& sort_columns, std::span<const int32_t> group_of_row, size_t groups,
                RowOrder& to) {
  to.starts.assign(groups + 1, 0);
  for (const int32_t group : group_of_row) ++to.starts[static_cast<size_t>(group) + 1];
  std::partial_sum(to.starts.begin(), to.starts.end(), to.starts.begin());
  std::vector<int32_t> next(to.starts.begin(), to.starts.end());
  to.positions.resize(group_of_row.size());
  const auto place = [&](size_t row) { to.positions[row] = next[static_cast<size_t>(group_of_row[row])]++; };
  if (sort_columns.empty()) {
    for (size_t row = 0; row < group_of_row.size(); ++row) place(row);
    return;
  }
  std::vector<int64_t> sorted(group_of_row.size());
  std::iota(sorted.begin(), sorted.end(), int64_t{0});
  for (auto column = sort_columns.rbegin(); column != sort_columns.rend(); ++column) sort_rows(**column, sorted);
  for (const int64_t row : sorted) place(static_cast<size_t>(row));
}

arrow::Result<std::shared_ptr<arrow::Buffer>> Scratch::take(int64_t bytes) {
  for (auto& buffer : buffers_) {
    if (buffer.use_count() > 1) continue;
    if (buffer->size() < bytes) {
      // Batches are not of one size: it shall do for the next ones.
      ARROW_ASSIGN_OR_RAISE(buffer, arrow::AllocateBuffer(bytes + bytes / 8, memory_pool()));
    }
    return buffer;
  }
  ARROW_ASSIGN_OR_RAISE(auto made, arrow::AllocateBuffer(bytes + bytes / 8, memory_pool()));
  return buffers_.emplace_back(std::move(made));
}

arrow::Result<ArrayPointer> arrange(const arrow::ArrayVector& column, const RowOrder& order,
                                    std::span<const int32_t> group_of_row, Scratch& scratch) {
  const auto& type = column[0]->type();
  const int width = width_of(*type);
  if (width == 0) {
    auto whole =
        column.size() == 1 ? column[0] : arrow::Result<ArrayPointer>(arrow::Concatenate(column, memory_pool()));
    ARROW_RETURN_NOT_OK(whole);
    return gather(*whole, order.rows());
  }
  const auto rows = static_cast<int64_t>(order.positions.size());
  ARROW_ASSIGN_OR_RAISE(auto values, scratch.take(rows * width));
  std::vector<std::shared_ptr<arrow::Buffer>> buffers = {nullptr, values};
  ARROW_ASSIGN_OR_RAISE(buffers[0], scatter_validity(column, order));
  if (is_view(*type)) {
    auto bytes = bytes_to_copy(column, group_of_row, order.starts.size() - 1);
    if (!bytes.empty()) {
      ARROW_ASSIGN_OR_RAISE(auto block, copy_texts(column, order, group_of_row, std::move(bytes),
                                                   values->mutable_data_as<View>(), scratch));
      buffers.push_back(std::move(block));
      return made(*column[0]->data(), rows, std::move(buffers));
    }
  }
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

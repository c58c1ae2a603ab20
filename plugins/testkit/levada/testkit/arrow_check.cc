// Checks batches against the Arrow columnar format and the contract's choice of types.
#include "levada/testkit/arrow_check.h"

#include <cstring>
#include <set>
#include <string_view>

#include "levada/arrow_bounds.h"

namespace levada::testkit {

namespace {

bool is_valid(const ArrowArray& array, int64_t row) {
  return array.buffers[0] == nullptr || detail::bit(array.buffers[0], array.offset + row);
}

std::string_view format_of(const ArrowSchema& schema) { return schema.format ? schema.format : ""; }

// Each returns what is wrong, or nothing.
std::string shape_fault(const ArrowArray& array, int64_t buffers) {
  if (!array.release) return "is released";
  if (array.length < 0 || array.offset < 0) return "has a negative length or offset";
  if (array.n_buffers != buffers)
    return "has " + std::to_string(array.n_buffers) + " buffers, not " + std::to_string(buffers);
  if (array.n_children != 0) return "has children";
  int64_t nulls = 0;
  for (int64_t row = 0; row < array.length; ++row) nulls += !is_valid(array, row);
  if (array.null_count != -1 && array.null_count != nulls)
    return "says it has " + std::to_string(array.null_count) + " nulls and has " + std::to_string(nulls);
  if (array.length > 0 && array.buffers[1] == nullptr) return "has no buffer of values";
  return "";
}

std::string view_fault(const ArrowArray& array, bool text) {
  if (array.n_buffers < 3) return "has too few buffers for views";
  if (auto fault = shape_fault(array, array.n_buffers); !fault.empty()) return fault;
  const int64_t count = array.n_buffers - 3;
  const auto* sizes = static_cast<const int64_t*>(array.buffers[array.n_buffers - 1]);
  if (count > 0 && sizes == nullptr) return "does not say how long its buffers are";
  const auto* views = static_cast<const View*>(array.buffers[1]) + array.offset;
  for (int64_t row = 0; row < array.length; ++row) {
    if (!is_valid(array, row)) continue;
    const View& view = views[row];
    const auto at_row = " in row " + std::to_string(row);
    if (view.size < 0) return "has a view of negative size" + at_row;
    std::string_view value(view.inlined, static_cast<size_t>(std::min(view.size, View::kInline)));
    if (view.is_inline()) {
      for (int at = view.size; at < View::kInline; ++at)
        if (view.inlined[at] != 0) return "has a short view that is not filled up with zeros" + at_row;
    } else {
      const auto& out = view.outside;
      if (out.buffer < 0 || out.buffer >= count) return "has a view of a buffer that is not there" + at_row;
      if (out.offset < 0 || out.offset + int64_t{view.size} > sizes[out.buffer])
        return "has a view beyond its buffer" + at_row;
      value = {static_cast<const char*>(array.buffers[2 + out.buffer]) + out.offset, static_cast<size_t>(view.size)};
      if (std::memcmp(value.data(), out.prefix, 4) != 0) return "has a view with a wrong prefix" + at_row;
    }
    if (text && !is_utf8(value)) return "has text that is not UTF-8" + at_row;
  }
  return "";
}

std::string column_fault(const ArrowSchema& schema, const ArrowArray& array) {
  if (!schema.release) return "has a released schema";
  const auto format = format_of(schema);
  if (!detail::is_known_layout(schema))
    return "has the format \"" + std::string(format) + "\", which Arrow does not have";
  if (schema.dictionary && format == "i" && format_of(*schema.dictionary) == "vu" && array.dictionary) {
    if (auto fault = shape_fault(array, 2); !fault.empty()) return fault;
    if (auto fault = view_fault(*array.dictionary, true); !fault.empty()) return "has a dictionary that " + fault;
    const auto* indices = static_cast<const int32_t*>(array.buffers[1]) + array.offset;
    for (int64_t row = 0; row < array.length; ++row)
      if (is_valid(array, row) && (indices[row] < 0 || indices[row] >= array.dictionary->length))
        return "has an index outside of its dictionary in row " + std::to_string(row);
    return "";
  }
  if (array.dictionary && !schema.dictionary) return "has a dictionary that its schema does not know";
  if (format == "vu" || format == "vz") return view_fault(array, format == "vu");
  if (format == "b" || format == "l" || format == "g" || format == "tsu:UTC") return shape_fault(array, 2);
  return detail::bounds_fault(schema, array);
}

std::string value_of(const ArrowSchema& schema, const ArrowArray& array, int64_t row);

// The bytes of a value as they stand there, in hexadecimal digits.
std::string digits(const void* values, int64_t width, int64_t at) {
  std::string text;
  for (int64_t byte = 0; byte < width; ++byte) {
    const auto value = static_cast<const uint8_t*>(values)[at * width + byte];
    for (const int half : {value >> 4, value & 15}) text += "0123456789abcdef"[half];
  }
  return text;
}

std::string list_of(const ArrowSchema& schema, const ArrowArray& array, int64_t first, int64_t count) {
  std::string text;
  for (int64_t at = first; at < first + count; ++at) text += (at > first ? "," : "") + value_of(schema, array, at);
  return "[" + text + "]";
}

template <class Offset>
std::string variable_value(const ArrowSchema& schema, const ArrowArray& array, int64_t at) {
  const auto* offsets = static_cast<const Offset*>(array.buffers[1]);
  const int64_t first = offsets[at], count = offsets[at + 1] - first;
  if (schema.n_children > 0) return list_of(*schema.children[0], *array.children[0], first, count);
  return std::string(static_cast<const char*>(array.buffers[2]) + first, static_cast<size_t>(count));
}

template <class Offset>
std::string list_view_value(const ArrowSchema& schema, const ArrowArray& array, int64_t at) {
  return list_of(*schema.children[0], *array.children[0], static_cast<const Offset*>(array.buffers[1])[at],
                 static_cast<const Offset*>(array.buffers[2])[at]);
}

std::string run_value(const ArrowSchema& schema, const ArrowArray& array, int64_t at) {
  const ArrowArray& ends = *array.children[0];
  const auto width = detail::index_bytes(format_of(*schema.children[0]));
  int64_t run = 0;
  while (detail::integer_at(ends.buffers[1], width, true, ends.offset + run) <= at) ++run;
  return value_of(*schema.children[1], *array.children[1], run);
}

// Of a layout of which the contract has no type.
std::string other_value(const ArrowSchema& schema, const ArrowArray& array, int64_t row) {
  const auto layout = detail::Layout::of(schema);
  const int64_t at = array.offset + row;
  using Kind = detail::Layout::Kind;
  switch (layout.kind) {
    case Kind::null: return "<null>";
    case Kind::fixed: {
      const auto format = format_of(schema);
      if (format == "f") return std::to_string(static_cast<double>(static_cast<const float*>(array.buffers[1])[at]));
      if (const auto width = detail::index_bytes(format))
        return std::to_string(detail::integer_at(array.buffers[1], width, detail::is_signed_format(format), at));
      return digits(array.buffers[1], layout.width, at);
    }
    case Kind::text:
    case Kind::list: return variable_value<int32_t>(schema, array, at);
    case Kind::large_text:
    case Kind::large_list: return variable_value<int64_t>(schema, array, at);
    case Kind::list_view: return list_view_value<int32_t>(schema, array, at);
    case Kind::large_list_view: return list_view_value<int64_t>(schema, array, at);
    case Kind::fixed_list: return list_of(*schema.children[0], *array.children[0], at * layout.width, layout.width);
    case Kind::runs: return run_value(schema, array, at);
    case Kind::dense_union:
    case Kind::sparse_union: {
      const auto id = static_cast<const int8_t*>(array.buffers[0])[at];
      const auto child = detail::UnionTypes(format_of(schema)).child[id];
      const int64_t place = layout.kind == Kind::dense_union ? static_cast<const int32_t*>(array.buffers[1])[at] : at;
      return std::to_string(id) + ":" + value_of(*schema.children[child], *array.children[child], place);
    }
    case Kind::structure: {
      std::string text;
      for (int64_t child = 0; child < schema.n_children; ++child)
        text += (child ? "," : "") + std::string(schema.children[child]->name) + ":" +
                value_of(*schema.children[child], *array.children[child], at);
      return "{" + text + "}";
    }
    default: return "<" + std::string(format_of(schema)) + ">";
  }
}

std::string value_of(const ArrowSchema& schema, const ArrowArray& array, int64_t row) {
  if (detail::Layout::of(schema).has_validity() && !is_valid(array, row)) return "<null>";
  const auto format = format_of(schema);
  const int64_t at = array.offset + row;
  if (schema.dictionary) {
    const auto index =
        detail::integer_at(array.buffers[1], detail::index_bytes(format), detail::is_signed_format(format), at);
    return value_of(*schema.dictionary, *array.dictionary, index);
  }
  if (format == "b") return detail::bit(array.buffers[1], at) ? "true" : "false";
  if (format == "g") return std::to_string(static_cast<const double*>(array.buffers[1])[at]);
  if (format == "l" || format == "tsu:UTC") return std::to_string(static_cast<const int64_t*>(array.buffers[1])[at]);
  if (format == "vu" || format == "vz") return std::string(Views(array)[row]);
  return other_value(schema, array, row);
}

}  // namespace

bool is_utf8(std::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(at < text.size() ? text[at] : 0); };
  for (size_t at = 0; at < text.size();) {
    const unsigned char first = byte(at);
    const size_t length = first < 0x80                    ? 1
                          : first >= 0xC2 && first < 0xE0 ? 2
                          : first >= 0xE0 && first < 0xF0 ? 3
                          : first >= 0xF0 && first < 0xF5 ? 4
                                                          : 0;
    if (length == 0) return false;
    for (size_t next = 1; next < length; ++next)
      if ((byte(at + next) & 0xC0) != 0x80) return false;
    const unsigned char second = byte(at + 1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) ||
        (first == 0xF4 && second > 0x8F))
      return false;
    at += length;
  }
  return true;
}

std::string fault_of(const levada_batch& batch) {
  const ArrowSchema& schema = batch.schema;
  const ArrowArray& rows = batch.rows;
  if (!schema.release || !rows.release) return "the batch is released";
  if (format_of(schema) != "+s") return "the batch is no struct array";
  if (schema.n_children != rows.n_children) return "the batch has not as many columns as its schema";
  if (rows.length < 0 || rows.offset < 0) return "the batch has a negative length or offset";
  if (rows.n_buffers != 1 || rows.null_count > 0) return "the batch must have one buffer and no nulls";
  std::set<std::string_view> names;
  for (int64_t at = 0; at < schema.n_children; ++at) {
    const auto* name = schema.children[at]->name;
    if (!name || !*name) return "column " + std::to_string(at) + " has no name";
    if (!names.insert(name).second) return "two columns are called " + std::string(name);
    auto fault = column_fault(*schema.children[at], *rows.children[at]);
    if (fault.empty() && rows.children[at]->length < rows.offset + rows.length) fault = "has fewer rows than its batch";
    if (!fault.empty()) return "column " + std::string(name) + " " + fault;
  }
  return "";
}

std::vector<std::string> rows_of(const levada_batch& batch) {
  std::vector<std::string> all;
  for (int64_t row = 0; row < batch.rows.length; ++row) {
    std::string& text = all.emplace_back();
    for (int64_t at = 0; at < batch.schema.n_children; ++at) {
      const ArrowSchema& schema = *batch.schema.children[at];
      text += (at ? " " : "") + std::string(schema.name) + "=" +
              value_of(schema, *batch.rows.children[at], batch.rows.offset + row);
    }
  }
  return all;
}

}  // namespace levada::testkit

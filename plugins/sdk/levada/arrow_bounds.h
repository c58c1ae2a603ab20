// Whether an array is as its layout says, and points nowhere but into its own buffers and children:
// for arrays whose maker is not to be trusted.
#pragma once

#include <limits>
#include <string>

#include "levada/column.h"

namespace levada::detail {

class Bounds {
 public:
  // What is wrong, or nothing. The schema's layout must be known.
  static std::string fault(const ArrowSchema& schema, const ArrowArray& array) {
    return Bounds(schema, array).find();
  }

 private:
  Bounds(const ArrowSchema& schema, const ArrowArray& array)
      : schema_(schema), array_(array), layout_(Layout::of(schema)), end_(array.offset + array.length) {}

  std::string find() {
    if (auto fault = shape(); !fault.empty()) return fault;
    if (auto fault = values(); !fault.empty()) return fault;
    for (int64_t at = 0; at < array_.n_children; ++at)
      if (auto fault = Bounds::fault(*schema_.children[at], *array_.children[at]); !fault.empty())
        return "has a child that " + fault;
    if (array_.dictionary)
      if (auto fault = Bounds::fault(*schema_.dictionary, *array_.dictionary); !fault.empty())
        return "has a dictionary that " + fault;
    return "";
  }

  std::string shape() {
    if (!array_.release) return "is released";
    if (array_.length < 0 || array_.offset < 0) return "has a negative length or offset";
    const bool views = layout_.kind == Layout::Kind::view;
    if (views ? array_.n_buffers < 3 : array_.n_buffers != layout_.buffers())
      return "has " + std::to_string(array_.n_buffers) + " buffers, not " + std::to_string(layout_.buffers());
    if (array_.n_children != schema_.n_children)
      return "has " + std::to_string(array_.n_children) + " children, not " + std::to_string(schema_.n_children);
    if (!array_.dictionary != !schema_.dictionary)
      return array_.dictionary ? "has a dictionary that its schema does not know" : "has no dictionary";
    if (array_.length == 0) return "";
    for (int64_t at = layout_.has_validity() ? 1 : 0; at < (views ? 2 : array_.n_buffers); ++at)
      // Of the texts themselves there may be none.
      if (!array_.buffers[at] && !(at == 2 && is_text())) return "has no buffer " + std::to_string(at);
    const bool bits = layout_.has_validity() && array_.buffers[0];
    int64_t nulls = layout_.kind == Layout::Kind::null ? array_.length : 0;
    for (int64_t row = 0; bits && row < array_.length; ++row) nulls += is_null(row);
    if (array_.null_count != -1 && array_.null_count != nulls)
      return "says it has " + std::to_string(array_.null_count) + " nulls and has " + std::to_string(nulls);
    return "";
  }

  std::string values() {
    if (array_.length == 0) return "";
    switch (layout_.kind) {
      case Layout::Kind::fixed: return schema_.dictionary ? indices() : "";
      case Layout::Kind::text: return offsets<int32_t>(std::numeric_limits<int64_t>::max());
      case Layout::Kind::large_text: return offsets<int64_t>(std::numeric_limits<int64_t>::max());
      case Layout::Kind::view: return views();
      case Layout::Kind::list: return offsets<int32_t>(array_.children[0]->length);
      case Layout::Kind::large_list: return offsets<int64_t>(array_.children[0]->length);
      case Layout::Kind::list_view: return list_views<int32_t>();
      case Layout::Kind::large_list_view: return list_views<int64_t>();
      case Layout::Kind::fixed_list:
        return layout_.width > 0 && end_ > array_.children[0]->length / layout_.width ? short_child(0) : "";
      case Layout::Kind::structure:
      case Layout::Kind::sparse_union:
        for (int64_t at = 0; at < array_.n_children; ++at)
          if (array_.children[at]->length < end_) return short_child(at);
        return layout_.kind == Layout::Kind::structure ? "" : types();
      case Layout::Kind::dense_union: return types();
      case Layout::Kind::runs: return runs();
      default: return "";
    }
  }

  bool is_text() const { return layout_.kind == Layout::Kind::text || layout_.kind == Layout::Kind::large_text; }
  bool is_null(int64_t row) const {
    return layout_.has_validity() && array_.buffers[0] && !bit(array_.buffers[0], array_.offset + row);
  }
  template <class T>
  const T* at(int buffer) const {
    return static_cast<const T*>(array_.buffers[buffer]) + array_.offset;
  }
  static std::string in_row(int64_t row) { return " in row " + std::to_string(row); }
  static std::string short_child(int64_t at) { return "is longer than its child " + std::to_string(at); }

  std::string indices() const {
    const auto width = index_bytes(schema_.format);
    for (int64_t row = 0; row < array_.length; ++row) {
      if (is_null(row)) continue;
      const auto index = integer_at(array_.buffers[1], width, is_signed_format(schema_.format), array_.offset + row);
      if (index < 0 || index >= array_.dictionary->length)
        return "has an index outside of its dictionary" + in_row(row);
    }
    return "";
  }

  template <class Offset>
  std::string offsets(int64_t end) const {
    const auto* values = at<Offset>(1);
    if (values[0] < 0) return "has a negative offset";
    for (int64_t row = 0; row < array_.length; ++row)
      if (values[row + 1] < values[row]) return "has an offset that is less than the one before" + in_row(row);
    return values[array_.length] > end ? "has offsets beyond its end" : "";
  }

  std::string views() const {
    const int64_t count = array_.n_buffers - 3;
    const auto* sizes = static_cast<const int64_t*>(array_.buffers[array_.n_buffers - 1]);
    if (count > 0 && !sizes) return "does not say how long its buffers are";
    const auto* views = at<View>(1);
    for (int64_t row = 0; row < array_.length; ++row) {
      if (is_null(row)) continue;
      const View& view = views[row];
      if (view.size < 0) return "has a view of negative size" + in_row(row);
      if (view.is_inline()) continue;
      const auto& out = view.outside;
      if (out.buffer < 0 || out.buffer >= count) return "has a view of a buffer that is not there" + in_row(row);
      if (out.offset < 0 || out.offset + int64_t{view.size} > sizes[out.buffer])
        return "has a view beyond its buffer" + in_row(row);
    }
    return "";
  }

  template <class Offset>
  std::string list_views() const {
    const int64_t end = array_.children[0]->length;
    for (int64_t row = 0; row < array_.length; ++row) {
      const int64_t from = at<Offset>(1)[row], size = at<Offset>(2)[row];
      if (!is_null(row) && (from < 0 || size < 0 || from > end || size > end - from))
        return "has a list beyond its child" + in_row(row);
    }
    return "";
  }

  std::string types() const {
    const UnionTypes types(schema_.format);
    const bool dense = layout_.kind == Layout::Kind::dense_union;
    for (int64_t row = 0; row < array_.length; ++row) {
      const auto id = at<int8_t>(0)[row];
      if (id < 0 || types.child[id] < 0) return "has a type that is not in the union" + in_row(row);
      if (!dense) continue;
      const auto place = at<int32_t>(1)[row];
      if (place < 0 || place >= array_.children[types.child[id]]->length)
        return "has a value beyond its child" + in_row(row);
    }
    return "";
  }

  std::string runs() const {
    const ArrowArray &ends = *array_.children[0], &values = *array_.children[1];
    const auto width = index_bytes(schema_.children[0]->format);
    if (ends.length < 1 || ends.n_buffers != 2 || !ends.buffers[1] || ends.offset < 0) return "has no runs";
    if (values.length < ends.length) return "has fewer values than runs";
    int64_t before = 0;
    for (int64_t run = 0; run < ends.length; ++run) {
      const auto end = integer_at(ends.buffers[1], width, true, ends.offset + run);
      if (end <= before) return "has a run that ends before it begins";
      before = end;
    }
    return before < end_ ? "has runs that end before it does" : "";
  }

  const ArrowSchema& schema_;
  const ArrowArray& array_;
  const Layout layout_;
  const int64_t end_;
};

inline std::string bounds_fault(const ArrowSchema& schema, const ArrowArray& array) {
  return Bounds::fault(schema, array);
}

}  // namespace levada::detail

// Which buffers and children an Arrow array of a format has:
// https://arrow.apache.org/docs/format/CDataInterface.html
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

#include "levada/plugin.h"

namespace levada::detail {

inline bool bit(const void* bits, int64_t at) { return (static_cast<const uint8_t*>(bits)[at / 8] >> (at % 8)) & 1; }

struct Layout {
  enum class Kind : uint8_t {
    unknown,
    null,
    boolean,
    fixed,
    text,
    large_text,
    view,
    list,
    large_list,
    fixed_list,
    list_view,
    large_list_view,
    structure,
    sparse_union,
    dense_union,
    runs
  };
  Kind kind = Kind::unknown;
  int64_t width = 0;  // Bytes of a fixed value, or items of a fixed list.

  // Whether the first buffer is the bitmap of nulls.
  bool has_validity() const {
    return kind != Kind::null && kind != Kind::sparse_union && kind != Kind::dense_union && kind != Kind::runs;
  }
  // Views have one for each block of text besides.
  int64_t buffers() const {
    switch (kind) {
      case Kind::unknown:
      case Kind::null:
      case Kind::runs: return 0;
      case Kind::fixed_list:
      case Kind::structure:
      case Kind::sparse_union: return 1;
      case Kind::boolean:
      case Kind::fixed:
      case Kind::list:
      case Kind::large_list:
      case Kind::dense_union: return 2;
      case Kind::text:
      case Kind::large_text:
      case Kind::view:
      case Kind::list_view:
      case Kind::large_list_view: return 3;
    }
    return 0;
  }
  // -1: any number.
  int64_t children() const {
    switch (kind) {
      case Kind::list:
      case Kind::large_list:
      case Kind::fixed_list:
      case Kind::list_view:
      case Kind::large_list_view: return 1;
      case Kind::runs: return 2;
      case Kind::structure:
      case Kind::sparse_union:
      case Kind::dense_union: return -1;
      default: return 0;
    }
  }

  // What `format` says; unknown where no version of Arrow that is known here has it.
  static Layout of(std::string_view format) {
    const auto fixed = [](int64_t width) { return Layout{Kind::fixed, width}; };
    const auto is = [&](std::string_view names) { return names.find(format.back()) != names.npos; };
    const auto number_behind = [&](size_t prefix) {
      int64_t number = -1;
      const char* end = format.data() + format.size();
      const auto read = std::from_chars(format.data() + prefix, end, number);
      return read.ptr == end && read.ec == std::errc() && number < int64_t{1} << 31 ? number : -1;
    };
    if (format.size() == 1) {
      switch (format[0]) {
        case 'n': return {Kind::null, 0};
        case 'b': return {Kind::boolean, 0};
        case 'c':
        case 'C': return fixed(1);
        case 's':
        case 'S':
        case 'e': return fixed(2);
        case 'i':
        case 'I':
        case 'f': return fixed(4);
        case 'l':
        case 'L':
        case 'g': return fixed(8);
        case 'u':
        case 'z': return {Kind::text, 0};
        case 'U':
        case 'Z': return {Kind::large_text, 0};
        default: return {};
      }
    }
    if (format == "vu" || format == "vz") return {Kind::view, 0};
    if (format.starts_with("w:")) {
      const auto width = number_behind(2);
      return width < 0 ? Layout() : fixed(width);
    }
    if (format.starts_with("d:")) {
      const auto comma = format.rfind(',');
      if (comma == format.find(',')) return fixed(16);
      const auto bits = number_behind(comma + 1);
      return bits == 32 || bits == 64 || bits == 128 || bits == 256 ? fixed(bits / 8) : Layout();
    }
    if (format.starts_with("ts") && format.size() >= 4 && format[3] == ':')
      return std::string_view("smun").find(format[2]) != std::string_view::npos ? fixed(8) : Layout();
    if (format.starts_with('t') && format.size() == 3) {
      switch (format[1]) {
        case 'd': return is("D") ? fixed(4) : is("m") ? fixed(8) : Layout();
        case 't': return is("sm") ? fixed(4) : is("un") ? fixed(8) : Layout();
        case 'D': return is("smun") ? fixed(8) : Layout();
        case 'i': return is("M") ? fixed(4) : is("D") ? fixed(8) : is("n") ? fixed(16) : Layout();
        default: return {};
      }
    }
    if (format == "+l" || format == "+m") return {Kind::list, 0};
    if (format == "+L") return {Kind::large_list, 0};
    if (format == "+vl") return {Kind::list_view, 0};
    if (format == "+vL") return {Kind::large_list_view, 0};
    if (format == "+s") return {Kind::structure, 0};
    if (format == "+r") return {Kind::runs, 0};
    if (format.starts_with("+ud:")) return {Kind::dense_union, 0};
    if (format.starts_with("+us:")) return {Kind::sparse_union, 0};
    if (format.starts_with("+w:")) {
      const auto items = number_behind(3);
      return items < 0 ? Layout() : Layout{Kind::fixed_list, items};
    }
    return {};
  }
  // That of a dictionary is that of its indices.
  static Layout of(const ArrowSchema& schema) { return of(std::string_view(schema.format ? schema.format : "")); }
};

// Bytes of an integer that may be an index or the end of a run, by its format; 0 for any other
// format.
inline int64_t index_bytes(std::string_view format) {
  if (format.size() != 1) return 0;
  switch (format[0]) {
    case 'c':
    case 'C': return 1;
    case 's':
    case 'S': return 2;
    case 'i':
    case 'I': return 4;
    case 'l':
    case 'L': return 8;
    default: return 0;
  }
}

// The integer that stands at a place; `width` as index_bytes says. Larger ones than int64_t come
// out negative.
inline int64_t integer_at(const void* values, int64_t width, bool is_signed, int64_t at) {
  switch (width) {
    case 1: return is_signed ? static_cast<const int8_t*>(values)[at] : static_cast<const uint8_t*>(values)[at];
    case 2: return is_signed ? static_cast<const int16_t*>(values)[at] : static_cast<const uint16_t*>(values)[at];
    case 4: return is_signed ? static_cast<const int32_t*>(values)[at] : static_cast<const uint32_t*>(values)[at];
    default: return static_cast<const int64_t*>(values)[at];
  }
}
inline bool is_signed_format(std::string_view format) {
  return format == "c" || format == "s" || format == "i" || format == "l";
}

// The members of a union: which child stands for each type id, -1 for none. "+ud:0,5"
struct UnionTypes {
  int8_t child[128];
  int64_t count = 0;
  bool good = true;

  explicit UnionTypes(std::string_view format) {
    for (auto& each : child) each = -1;
    const char* end = format.data() + format.size();
    for (const char* at = format.data() + 4; at < end;) {
      int id = -1;
      const auto read = std::from_chars(at, end, id);
      good = good && read.ec == std::errc() && id >= 0 && id < 128 && child[id] < 0 &&
             (read.ptr == end || *read.ptr == ',');
      if (!good) return;
      child[id] = static_cast<int8_t>(count++);
      at = read.ptr == end ? end : read.ptr + 1;
    }
  }
};

constexpr int kDeepest = 64;

// Whether the layout of a column with this schema is known, with all that lies in it.
inline bool is_known_layout(const ArrowSchema& schema, int depth = 0) {
  if (depth > kDeepest || schema.format == nullptr) return false;
  const auto layout = Layout::of(schema);
  if (layout.kind == Layout::Kind::unknown) return false;
  const auto children = layout.children();
  if (children >= 0 && schema.n_children != children) return false;
  if (schema.dictionary) return index_bytes(schema.format) != 0 && is_known_layout(*schema.dictionary, depth + 1);
  if (layout.kind == Layout::Kind::dense_union || layout.kind == Layout::Kind::sparse_union) {
    const UnionTypes types(schema.format);
    if (!types.good || types.count != schema.n_children) return false;
  }
  if (layout.kind == Layout::Kind::runs) {
    const std::string_view ends = schema.children[0]->format;
    if (ends != "s" && ends != "i" && ends != "l") return false;
  }
  for (int64_t at = 0; at < schema.n_children; ++at)
    if (!is_known_layout(*schema.children[at], depth + 1)) return false;
  return true;
}

}  // namespace levada::detail

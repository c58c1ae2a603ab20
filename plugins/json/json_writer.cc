#include "json/json_writer.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "json/eight_bytes.h"
#include "json/json_scanner.h"
#include "json/json_text.h"
#include "json/sixteen_bytes.h"

namespace levada {

namespace {

// Room for any number, boolean, null or time.
constexpr size_t kScalarBound = 32;
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

constexpr std::array<bool, 256> kNeedsEscape = [] {
  std::array<bool, 256> table{};
  for (size_t c = 0; c < 0x20; ++c) table[c] = true;
  table['"'] = table['\\'] = true;
  return table;
}();

char* append(char* to, std::string_view text) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

template <class Number>
char* append_number(char* to, Number value) {
  return std::to_chars(to, to + kScalarBound, value).ptr;
}

// Always with a point or an exponent: it stays a double for whoever reads it, and never is
// an integer that is too large.
char* append_double(char* to, double value) {
  char* end = append_number(to, value);
  if (std::any_of(to, end, [](char c) { return c == '.' || c == 'e'; })) return end;
  return append(end, ".0");
}

char* copy_escaped(const char* from, const char* end, char* to) {
  for (; from != end; ++from) {
    if (kNeedsEscape[static_cast<unsigned char>(*from)]) to += write_escape(*from, to);
    else *to++ = *from;
  }
  return to;
}

char* copy_replacing_invalid(std::string_view text, char* to) {
  while (!text.empty()) {
    const size_t size = utf8_size(text);
    to = size ? copy_escaped(text.data(), text.data() + size, to) : append(to, kReplacement);
    text.remove_prefix(std::max<size_t>(size, 1));
  }
  return to;
}

bool is_json(std::string_view text) {
  JsonScanner scanner(text);
  const auto end = scanner.scan(scanner.skip_space(0));
  return end && scanner.skip_space(*end) == text.size();
}

// Line feeds can only stand between the tokens of valid JSON, and would end the row too
// early for a reader of lines.
char* copy_on_one_line(std::string_view text, char* to) {
  return std::transform(text.begin(), text.end(), to, [](char c) { return c == '\n' || c == '\r' ? ' ' : c; });
}

bool needs_escape(uint64_t bytes) {
  const uint64_t found = (bytes - 0x20 * kEachByte) | bytes_that_are('"', bytes) | bytes_that_are('\\', bytes);
  return (found & ~bytes & kHighBits) != 0;
}

// Copies the text as it is; false where something in it needs an escape. In pieces of fixed size,
// of which the last overlaps the one before, as a copy of any size is a call.
bool copy_plain(const char* from, size_t size, char* to) {
  if (size >= 16) {
    Block found{};
    for (size_t at = 0; at + 16 < size; at += 16) {
      const auto block = load<Block>(from + at);
      store(block, to + at);
      found |= to_escape(block);
    }
    const auto last = load<Block>(from + size - 16);
    store(last, to + size - 16);
    return !any(found | to_escape(last));
  }
  if (size >= 8) {
    const auto first = load<uint64_t>(from), last = load<uint64_t>(from + size - 8);
    store(first, to);
    store(last, to + size - 8);
    return !needs_escape(first) && !needs_escape(last);
  }
  if (size >= 4) {
    const auto first = load<uint32_t>(from), last = load<uint32_t>(from + size - 4);
    store(first, to);
    store(last, to + size - 4);
    return !needs_escape(first | uint64_t{last} << 32);
  }
  bool is_plain = true;
  for (size_t at = 0; at < size; ++at) {
    to[at] = from[at];
    is_plain &= !kNeedsEscape[static_cast<unsigned char>(from[at])];
  }
  return is_plain;
}

char* copy_escaped_blocks(std::string_view text, char* to) {
  const char* from = text.data();
  const char* end = from + text.size();
  for (; end - from >= 16; from += 16) {
    const auto block = load<Block>(from);
    store(block, to);
    to = any(to_escape(block)) ? copy_escaped(from, from + 16, to) : to + 16;
  }
  return copy_escaped(from, end, to);
}

bool can_be_written(const Column& column) { return column.type() != Type::opaque || Nested::of(column); }

int64_t divided_down(int64_t value, int64_t by) { return value / by - (value % by < 0); }

}  // namespace

char* write_json_string(std::string_view text, char* to) {
  *to++ = '"';
  to = copy_plain(text.data(), text.size(), to) ? to + text.size() : copy_escaped_blocks(text, to);
  *to++ = '"';
  return to;
}

std::vector<Column> choose_columns(const Batch& batch, std::span<const std::string> names,
                                   std::span<const std::string> exclude) {
  std::vector<Column> chosen;
  for (const auto& name : names)
    if (const auto* column = batch.find(name); column && can_be_written(*column)) chosen.push_back(*column);
  if (!names.empty()) return chosen;
  for (const auto& column : batch.columns())
    if (std::find(exclude.begin(), exclude.end(), column.name()) == exclude.end() && can_be_written(column))
      chosen.push_back(column);
  return chosen;
}

JsonWriter::JsonWriter(std::vector<Column> columns, const JsonStyle& style)
    : time_(style.time), write_nulls_(style.write_nulls) {
  fields_.reserve(columns.size());
  for (auto& column : columns) {
    const auto rows = static_cast<size_t>(column.rows());
    const std::string name = column.name();
    fields_.push_back(field_of(std::move(column), name, style));
    const Field& field = fields_.back();
    fixed_bound_ += fixed_bound(field);
    if (!has_bounds(field)) continue;
    text_bounds_.resize(rows);
    add_bounds(field, text_bounds_);
  }
}

JsonWriter::Field JsonWriter::field_of(Column column, const std::string& path, const JsonStyle& style) {
  Field field;
  field.prefix.resize(6 * column.name().size() + 4);
  char* end = write_json_string(column.name(), field.prefix.data() + 1);
  field.prefix[0] = ',';
  *end++ = ':';
  field.prefix_size = static_cast<size_t>(end - field.prefix.data());
  field.prefix.resize(std::max(field.prefix_size, Field::kShort));
  if (column.type() == Type::dictionary) {
    const std::shared_ptr<const ArrowArray> texts(column.shared(), column.array().dictionary);
    field.texts = Column("", Type::text, texts);
    field.views = field.texts.views();
  } else if (column.is_textual()) {
    field.views = column.views();
  } else if ((field.nested = Nested::of(column))) {
    if (field.nested->is_list()) field.children.push_back(field_of(field.nested->items(), path, style));
    else
      for (const auto& member : field.nested->members())
        field.children.push_back(field_of(member, path + "." + member.name(), style));
  }
  field.has_nulls = column.has_nulls();
  field.is_raw = column.is_textual() && std::find(style.raw.begin(), style.raw.end(), path) != style.raw.end();
  field.is_plain_text = column.type() == Type::text && !field.is_raw;
  field.column = std::move(column);
  return field;
}

size_t JsonWriter::fixed_bound(const Field& field) {
  size_t bound = field.prefix_size + kScalarBound;
  if (field.nested && !field.nested->is_list())
    for (const auto& member : field.children) bound += fixed_bound(member);
  return bound;
}

bool JsonWriter::has_bounds(const Field& field) {
  if (!field.nested) return field.column.is_textual();
  return field.nested->is_list() || std::any_of(field.children.begin(), field.children.end(), has_bounds);
}

void JsonWriter::add_bounds(const Field& field, std::vector<size_t>& to) {
  const auto rows = field.column.rows();
  if (field.nested && field.nested->is_list()) {
    const auto& item = field.children[0];
    std::vector<size_t> items(static_cast<size_t>(item.column.rows()), fixed_bound(item));
    if (has_bounds(item)) add_bounds(item, items);
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t at = field.nested->begin(row); at < field.nested->end(row); ++at)
        to[static_cast<size_t>(row)] += items[static_cast<size_t>(at)];
    return;
  }
  if (field.nested) {
    for (const auto& member : field.children)
      if (has_bounds(member)) add_bounds(member, to);
    return;
  }
  const View* views = field.views.data();
  const int32_t* indices = field.column.type() == Type::dictionary ? field.column.values<int32_t>() : nullptr;
  for (int64_t row = 0; row < rows; ++row) {
    // A null may have any index and any view.
    if (field.has_nulls && field.column.null(row)) continue;
    to[static_cast<size_t>(row)] += 6 * static_cast<size_t>(views[indices ? indices[row] : row].size) + 2;
  }
}

char* JsonWriter::write(int64_t row, char* to) { return write_object(fields_, row, to); }

char* JsonWriter::write_object(const std::vector<Field>& fields, int64_t row, char* to) {
  static_assert(Field::kShort <= kScalarBound);  // So much may be written behind a prefix in any case.
  char* const begin = to;
  for (const auto& field : fields) {
    const bool null = field.has_nulls && field.column.null(row);
    if (null && !write_nulls_) continue;
    std::memcpy(to, field.prefix.data(), Field::kShort);
    if (field.prefix_size > Field::kShort) std::memcpy(to, field.prefix.data(), field.prefix_size);
    to += field.prefix_size;
    if (null) to = append(to, "null");
    else to = field.is_plain_text ? write_json_string(field.views[row], to) : write_value(field, row, to);
  }
  if (to == begin) ++to;
  *begin = '{';
  *to++ = '}';
  return to;
}

char* JsonWriter::write_list(const Field& field, int64_t row, char* to) {
  const auto& item = field.children[0];
  const auto begin = field.nested->begin(row), end = field.nested->end(row);
  *to++ = '[';
  for (int64_t at = begin; at < end; ++at) {
    if (at > begin) *to++ = ',';
    to = item.has_nulls && item.column.null(at) ? append(to, "null") : write_value(item, at, to);
  }
  *to++ = ']';
  return to;
}

char* JsonWriter::write_value(const Field& field, int64_t row, char* to) {
  switch (field.column.type()) {
    case Type::boolean: return append(to, field.column.boolean(row) ? "true" : "false");
    case Type::int64: return append_number(to, field.column.values<int64_t>()[row]);
    case Type::timestamp: return write_time(field.column.values<int64_t>()[row], to);
    case Type::float64: {
      const double value = field.column.values<double>()[row];
      if (std::isfinite(value)) return append_double(to, value);
      ++replaced_;
      return append(to, "null");
    }
    case Type::opaque:
      if (field.nested)
        return field.nested->is_list() ? write_list(field, row, to) : write_object(field.children, row, to);
      ++replaced_;
      return append(to, "null");
    case Type::text:
    case Type::bytes:
    case Type::dictionary: break;
  }
  return write_text(field, row, to);
}

char* JsonWriter::write_text(const Field& field, int64_t row, char* to) {
  const auto value = text(field, row);
  if (field.is_raw) {
    if (is_json(value)) return copy_on_one_line(value, to);
    ++replaced_;
  }
  if (field.column.type() != Type::bytes || simdjson::validate_utf8(value.data(), value.size()))
    return write_json_string(value, to);
  if (!field.is_raw) ++replaced_;
  *to++ = '"';
  to = copy_replacing_invalid(value, to);
  *to++ = '"';
  return to;
}

char* JsonWriter::write_time(int64_t microseconds, char* to) {
  switch (time_) {
    case JsonStyle::Time::rfc3339: break;
    case JsonStyle::Time::seconds: return append_number(to, divided_down(microseconds, 1'000'000));
    case JsonStyle::Time::milliseconds: return append_number(to, divided_down(microseconds, 1'000));
    case JsonStyle::Time::microseconds: return append_number(to, microseconds);
    case JsonStyle::Time::nanoseconds:
      to = append_number(to, microseconds);
      // In digits, as the product may not fit.
      return microseconds == 0 ? to : append(to, "000");
  }
  *to = '"';
  char* end = rfc3339_.write(microseconds, to + 1);
  if (end == nullptr) {
    ++replaced_;
    return append(to, "null");
  }
  *end++ = '"';
  return end;
}

}  // namespace levada

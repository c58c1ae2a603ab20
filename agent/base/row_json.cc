#include "agent/base/row_json.h"

#include <charconv>
#include <cmath>

#include "agent/base/json_text.h"

namespace levada::agent {
namespace {

void append_number(std::string& to, double value) {
  if (!std::isfinite(value)) return append_json_text(to, value > 0 ? "Infinity" : value < 0 ? "-Infinity" : "NaN");
  char digits[40];
  to.append(digits, std::to_chars(digits, std::end(digits), value).ptr);
}

void append_base64(std::string& to, std::string_view bytes) {
  const size_t used = to.size();
  to.resize(used + json_text_bound(bytes.size()));
  to.resize(static_cast<size_t>(write_base64(bytes, to.data() + used) - to.data()));
}

}  // namespace

RowJson::RowJson(const Batch& batch) {
  for (const auto& column : batch.columns()) fields_.push_back(field_of(column));
}

RowJson::Field RowJson::field_of(const Column& column) {
  Field field{column, ",", ",", Nested::of(column), {}};
  append_json_text(field.prefix, column.name());
  append_json_text(field.other_prefix, column.name() + (column.type() == Type::opaque ? "_opaque" : "_base64"));
  field.prefix += ':';
  field.other_prefix += ':';
  if (!field.nested) return field;
  for (const auto& child : field.nested->members()) field.children.push_back(field_of(child));
  return field;
}

bool RowJson::is_readable(const Field& field, int64_t row) {
  if (field.column.type() == Type::opaque) return field.nested.has_value();
  return !field.column.is_textual() || is_utf8(field.column.text(row));
}

void RowJson::append(std::string& to, const std::vector<Field>& fields, int64_t row) {
  for (const auto& field : fields) {
    if (field.column.null(row)) continue;
    to += is_readable(field, row) ? field.prefix : field.other_prefix;
    append_value(to, field, row);
  }
}

void RowJson::append_list(std::string& to, const Field& field, int64_t row) {
  const auto& item = field.children[0];
  to += '[';
  for (auto at = field.nested->begin(row); at < field.nested->end(row); ++at) {
    if (at > field.nested->begin(row)) to += ',';
    const bool is_plain = item.column.null(at) || is_readable(item, at);
    if (!is_plain) to += item.column.type() == Type::opaque ? R"({"opaque":)" : R"({"base64":)";
    if (item.column.null(at)) to += "null";
    else append_value(to, item, at);
    if (!is_plain) to += '}';
  }
  to += ']';
}

void RowJson::append_value(std::string& to, const Field& field, int64_t row) {
  const Column& column = field.column;
  switch (column.type()) {
    case Type::boolean: to += column.boolean(row) ? "true" : "false"; break;
    case Type::int64: to += std::to_string(column.values<int64_t>()[row]); break;
    case Type::float64: append_number(to, column.values<double>()[row]); break;
    case Type::timestamp:
      to += '"';
      append_time(to, column.values<int64_t>()[row]);
      to += '"';
      break;
    case Type::text:
    case Type::bytes:
    case Type::dictionary: {
      const auto text = column.text(row);
      is_utf8(text) ? append_json_text(to, text) : append_base64(to, text);
      break;
    }
    case Type::opaque: {
      if (!field.nested) return append_json_text(to, column.schema()->format);
      if (field.nested->is_list()) return append_list(to, field, row);
      const auto begin = to.size();
      append(to, field.children, row);
      // In place of the first comma.
      if (to.size() == begin) to += '{';
      else to[begin] = '{';
      to += '}';
      break;
    }
  }
}

}  // namespace levada::agent

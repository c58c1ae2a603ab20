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
  for (const auto& column : batch.columns()) {
    Field& field = fields_.emplace_back(Field{&column, ",", ","});
    append_json_text(field.prefix, column.name());
    const bool opaque = column.type() == Type::opaque;
    append_json_text(field.other_prefix, column.name() + (opaque ? "_opaque" : "_base64"));
    field.prefix += ':';
    field.other_prefix += ':';
  }
}

void RowJson::append(std::string& to, int64_t row) const {
  for (const auto& field : fields_) {
    const Column& column = *field.column;
    if (column.null(row)) continue;
    if (column.type() == Type::opaque) {
      to += field.other_prefix;
      append_json_text(to, column.schema()->format);
      continue;
    }
    if (column.is_textual()) {
      const auto text = column.text(row);
      const bool readable = is_utf8(text);
      to += readable ? field.prefix : field.other_prefix;
      readable ? append_json_text(to, text) : append_base64(to, text);
      continue;
    }
    to += field.prefix;
    switch (column.type()) {
      case Type::boolean: to += column.boolean(row) ? "true" : "false"; break;
      case Type::timestamp:
        to += '"';
        append_time(to, column.values<int64_t>()[row]);
        to += '"';
        break;
      case Type::float64: append_number(to, column.values<double>()[row]); break;
      default: to += std::to_string(column.values<int64_t>()[row]);
    }
  }
}

}  // namespace levada::agent

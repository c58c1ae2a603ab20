#include "text/value_column.h"

#include <simdjson.h>

namespace levada {

ValueColumn::ValueColumn(const DeclaredColumn& declared, int64_t rows)
    : type_(declared.type), unit_(declared.unit), builder_(std::in_place_index<3>) {
  switch (type_) {
    case ValueType::text:
    case ValueType::bytes: builder_.emplace<0>(rows); break;
    case ValueType::int64:
    case ValueType::timestamp: builder_.emplace<1>(rows); break;
    case ValueType::float64: builder_.emplace<2>(rows); break;
    case ValueType::boolean: break;
  }
}

void ValueColumn::share(const Column& column) {
  if (is_text()) first_buffer_ = std::get_if<0>(&builder_)->share(column);
}

bool ValueColumn::is_valid_text(std::string_view text) const {
  return type_ == ValueType::bytes || simdjson::validate_utf8(text.data(), text.size());
}

bool ValueColumn::append(std::string_view text) {
  const auto put = [](auto& builder, const auto& value) {
    if (value) builder.append(*value);
    return value.has_value();
  };
  switch (type_) {
    case ValueType::text:
    case ValueType::bytes:
      if (!is_valid_text(text)) return false;
      std::get_if<0>(&builder_)->append(text);
      return true;
    case ValueType::int64: return put(*std::get_if<1>(&builder_), read_int64(text));
    case ValueType::timestamp: return put(*std::get_if<1>(&builder_), read_timestamp(text, unit_));
    case ValueType::float64: return put(*std::get_if<2>(&builder_), read_float64(text));
    case ValueType::boolean: return put(*std::get_if<3>(&builder_), read_boolean(text));
  }
  return false;
}

bool ValueColumn::append_part(const View& view, std::string_view whole, std::string_view part) {
  if (!is_text()) return append(part);
  if (!is_valid_text(part)) return false;
  std::get_if<0>(&builder_)->append_part(view, whole, part, first_buffer_);
  return true;
}

void ValueColumn::append_null() {
  std::visit([](auto& builder) { builder.append_null(); }, builder_);
}

Column ValueColumn::finish(std::string name) && {
  switch (type_) {
    case ValueType::text: return std::move(*std::get_if<0>(&builder_)).finish(std::move(name), Type::text);
    case ValueType::bytes: return std::move(*std::get_if<0>(&builder_)).finish(std::move(name), Type::bytes);
    case ValueType::int64: return std::move(*std::get_if<1>(&builder_)).finish(std::move(name), Type::int64);
    case ValueType::timestamp: return std::move(*std::get_if<1>(&builder_)).finish(std::move(name), Type::timestamp);
    case ValueType::float64: return std::move(*std::get_if<2>(&builder_)).finish(std::move(name), Type::float64);
    case ValueType::boolean: break;
  }
  return std::move(*std::get_if<3>(&builder_)).finish(std::move(name));
}

}  // namespace levada

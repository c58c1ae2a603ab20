// https://avro.apache.org/docs/1.12.0/specification/: the schema, and the binary encoding.
#include "files/avro_rows.h"

#include <cstring>
#include <set>
#include <utility>

#include "json/json_writer.h"

namespace levada::files {
namespace {

constexpr size_t kLongBound = 10;
// Which of ["null", T] it is; a number, or a length, or the items and the end of an array.
constexpr size_t kFixedBound = 1 + kLongBound + 1;
constexpr char kNull = 0, kValue = 2;

// Zigzag: the sign is the lowest bit.
char* write_long(int64_t value, char* to) {
  auto rest = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
  for (; rest > 0x7f; rest >>= 7) *to++ = static_cast<char>(rest | 0x80);
  *to++ = static_cast<char>(rest);
  return to;
}

char* write_bytes(std::string_view text, char* to) {
  to = write_long(static_cast<int64_t>(text.size()), to);
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// Names that are given once.
class Names {
 public:
  std::string give(std::string_view wanted) {
    std::string name;
    for (const char c : wanted) {
      const bool is_digit = c >= '0' && c <= '9';
      const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      if (name.empty() && is_digit) name += '_';
      name += is_digit || is_letter ? c : '_';
    }
    if (name.empty()) name = "_";
    if (given_.insert(name).second) return name;
    for (int number = 2;; ++number) {
      auto other = name + "_" + std::to_string(number);
      if (given_.insert(other).second) return other;
    }
  }

 private:
  std::set<std::string, std::less<>> given_;
};

// The schema of columns, in which each record has a name of its own.
class SchemaText {
 public:
  template <class Fields>
  std::string of(const Fields& fields) {
    append_record("row", fields);
    return std::move(text_);
  }

 private:
  template <class Fields>
  void append_record(const std::string& name, const Fields& fields) {
    text_ += "{\"type\":\"record\",\"name\":\"" + records_.give(name) + "\",\"fields\":[";
    Names names;
    bool is_first = true;
    for (const auto& field : fields) {
      if (!std::exchange(is_first, false)) text_ += ',';
      const auto& column = field.column.name();
      const auto given = names.give(column);
      text_ += "{\"name\":\"" + given + '"';
      if (given != column) {
        std::string quoted(6 * column.size() + 2, '\0');
        quoted.resize(static_cast<size_t>(write_json_string(column, quoted.data()) - quoted.data()));
        text_ += ",\"column\":" + quoted;
      }
      text_ += ",\"type\":";
      append_type(name + "_" + given, field);
      text_ += ",\"default\":null}";
    }
    text_ += "]}";
  }

  // `name`: of the record, where it is one.
  template <class Field>
  void append_type(const std::string& name, const Field& field) {
    const auto type = field.column.type();
    if (type == Type::opaque && !field.nested) {
      text_ += "\"null\"";
      return;
    }
    text_ += "[\"null\",";
    if (!field.nested) {
      text_ += name_of(type);
    } else if (field.nested->is_list()) {
      text_ += "{\"type\":\"array\",\"items\":";
      append_type(name, field.children[0]);
      text_ += '}';
    } else {
      append_record(name, field.children);
    }
    text_ += ']';
  }

  static const char* name_of(Type type) {
    switch (type) {
      case Type::boolean: return "\"boolean\"";
      case Type::int64: return "\"long\"";
      case Type::float64: return "\"double\"";
      case Type::timestamp: return "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}";
      case Type::bytes: return "\"bytes\"";
      case Type::text:
      case Type::dictionary:
      case Type::opaque: break;
    }
    return "\"string\"";
  }

  std::string text_;
  Names records_;
};

}  // namespace

AvroRows::Field::Field(Column of) : column(std::move(of)), has_nulls(column.has_nulls()) {
  if (column.type() == Type::dictionary) {
    views = Views(*column.array().dictionary);
  } else if (column.is_textual()) {
    views = column.views();
  } else if ((nested = Nested::of(column))) {
    if (nested->is_list()) children.emplace_back(nested->items());
    else
      for (const auto& member : nested->members()) children.emplace_back(member);
  }
}

AvroRows::AvroRows(std::vector<Column> columns) {
  fields_.reserve(columns.size());
  for (auto& column : columns) fields_.emplace_back(std::move(column));
  schema_ = SchemaText().of(fields_);
}

size_t AvroRows::bound(int64_t row) const {
  size_t bytes = 0;
  for (const auto& field : fields_) bytes += bound(field, row);
  return bytes;
}

size_t AvroRows::bound(const Field& field, int64_t row) {
  // A null may have any index and any view.
  if (field.has_nulls && field.column.null(row)) return kFixedBound;
  if (!field.nested) return kFixedBound + (field.column.is_textual() ? field.text(row).size() : 0);
  size_t bytes = kFixedBound;
  if (!field.nested->is_list()) {
    for (const auto& member : field.children) bytes += bound(member, row);
    return bytes;
  }
  for (auto at = field.nested->begin(row); at < field.nested->end(row); ++at) bytes += bound(field.children[0], at);
  return bytes;
}

char* AvroRows::write(int64_t row, char* to) const {
  for (const auto& field : fields_) to = write(field, row, to);
  return to;
}

char* AvroRows::write(const Field& field, int64_t row, char* to) {
  if (field.column.type() == Type::opaque && !field.nested) return to;
  if (field.has_nulls && field.column.null(row)) {
    *to++ = kNull;
    return to;
  }
  *to++ = kValue;
  return write_value(field, row, to);
}

char* AvroRows::write_value(const Field& field, int64_t row, char* to) {
  switch (field.column.type()) {
    case Type::boolean: *to++ = field.column.boolean(row) ? 1 : 0; return to;
    case Type::int64:
    case Type::timestamp: return write_long(field.column.values<int64_t>()[row], to);
    case Type::float64:
      std::memcpy(to, field.column.values<double>() + row, sizeof(double));
      return to + sizeof(double);
    case Type::text:
    case Type::bytes:
    case Type::dictionary: return write_bytes(field.text(row), to);
    case Type::opaque: break;
  }
  if (!field.nested->is_list()) {
    for (const auto& member : field.children) to = write(member, row, to);
    return to;
  }
  const auto begin = field.nested->begin(row), end = field.nested->end(row);
  if (begin < end) to = write_long(end - begin, to);
  for (auto at = begin; at < end; ++at) to = write(field.children[0], at, to);
  return write_long(0, to);
}

}  // namespace levada::files

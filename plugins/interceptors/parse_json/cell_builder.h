// Builds a column of one of the types that parse_json knows, from the text of JSON values.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "levada/builders.h"

namespace levada::parse_json {

enum class CellType { text, int64, float64, boolean, timestamp, bytes, json };
// Of what a number that is a timestamp counts; none: only RFC 3339 is a timestamp.
enum class TimeUnit { none, seconds, milliseconds, microseconds, nanoseconds };

// "a string", "a number", ...: what a JSON value is.
std::string_view kind_of(std::string_view value);

class CellBuilder {
 public:
  // `body`: the column of the documents, into which texts point.
  CellBuilder(CellType type, TimeUnit unit, const Column& body);

  struct Document {
    const View* view;
    std::string_view text;
    bool has_escapes;
  };
  // Adds a value, which is a part of the document's text; false, and a null, where it is not of the column's type.
  bool append(const Document& document, std::string_view value);
  void append_null();
  // Adds a text as it stands, of a text column.
  void append_raw(const Document& document, std::string_view value);
  Column finish(std::string name) &&;

 private:
  bool append_string(const Document& document, std::string_view value);
  bool append_time(const Document& document, std::string_view value);

  CellType type_;
  TimeUnit unit_;
  std::variant<TextBuilder, ValueBuilder<int64_t>, ValueBuilder<double>, BooleanBuilder> builder_;
  int32_t first_buffer_ = 0;
  std::string unescaped_;
};

}  // namespace levada::parse_json

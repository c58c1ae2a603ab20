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
  // `body`: the column of the documents, into which texts point. There is room for as many rows;
  // there may be more.
  CellBuilder(CellType type, TimeUnit unit, const Column& body);

  struct Document {
    const View* view;
    std::string_view text;
    bool has_escapes;
  };
  // Adds a value, which is a part of the document's text; false, and a null, where it
  // is not of the column's type.
  bool append(const Document& document, std::string_view value) {
    if (document.has_escapes || !is_string_ || value[0] != '"') return append_any(document, value);
    append_raw(document, value.substr(1, value.size() - 2));
    return true;
  }
  // Whether a whole number is a value of the column, just as it is.
  bool takes_integers() const { return type_ == CellType::int64; }
  void append_integer(int64_t value) { std::get_if<1>(&builder_)->append(value); }
  void append_null() {
    if (!views_) return append_other_null();
    if (row_ == rows_) grow();
    if (!bits_) make_bits();
    bits_.as<uint8_t>()[row_ / 8] &= static_cast<uint8_t>(~(1u << (row_ % 8)));
    views_[row_++] = View{};
    ++nulls_;
  }
  // Adds a text as it stands, of a text column.
  void append_raw(const Document& document, std::string_view value) {
    if (row_ == rows_) grow();
    TextBuilder::put_part(views_ + row_++, *document.view, document.text, value, first_buffer_);
  }
  Column finish(std::string name) &&;

 private:
  bool append_any(const Document& document, std::string_view value);
  void append_other_null();
  void make_bits();
  void grow();
  bool append_string(const Document& document, std::string_view value);
  bool append_time(const Document& document, std::string_view value);

  CellType type_;
  TimeUnit unit_;
  bool is_string_;  // Text or bytes: what stands between the quotes of a JSON string.
  std::variant<TextBuilder, ValueBuilder<int64_t>, ValueBuilder<double>, BooleanBuilder> builder_;
  // Of a column of text, whose builder hears of its rows and nulls last of all:
  View* views_ = nullptr;               // Where they go.
  Buffer bits_;                         // The bitmap of nulls, from the first null on.
  int64_t row_ = 0, nulls_ = 0, rows_;  // Rows and nulls so far, and rows that there is room for.
  int32_t first_buffer_ = 0;
  std::string unescaped_;
};

}  // namespace levada::parse_json

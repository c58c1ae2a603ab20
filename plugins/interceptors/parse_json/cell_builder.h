// Builds a column of one of the types that parse_json knows, from the text of JSON values.
#pragma once

#include <cstring>
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
    return append_plain(document, value) || append_any(document, value);
  }
  // Adds a value that can stand as it is, which its first byte tells; false, and nothing, where it
  // may be of any kind.
  bool append_plain(const Document& document, std::string_view value) {
    if (type_ == CellType::json) {
      if (value[0] == 'n') return false;
      append_raw(document, value);
      return true;
    }
    if (document.has_escapes || !is_string_ || value[0] != '"') return false;
    append_raw(document, value.substr(1, value.size() - 2));
    return true;
  }
  // Adds a whole number; false, and nothing, where the column does not take it just as it is.
  bool append_integer(int64_t value) {
    if (type_ != CellType::int64) return false;
    append_number(value);
    return true;
  }
  void append_null() {
    if (row_ == rows_ || !valid_) return append_first_null();
    valid_[row_ >> 3] &= static_cast<uint8_t>(~(1u << (row_ & 7)));
    if (views_) views_[row_] = View{};
    else std::memset(numbers_ + row_ * kNumberBytes, 0, kNumberBytes);
    ++row_;
    ++nulls_;
  }
  // Adds a text as it stands, of a text column.
  void append_raw(const Document& document, std::string_view value) {
    if (row_ == rows_) grow();
    TextBuilder::put_part(views_ + row_++, *document.view, document.text, value, first_buffer_);
  }
  Column finish(std::string name) &&;

 private:
  static constexpr int64_t kNumberBytes = 8;

  bool append_any(const Document& document, std::string_view value);
  template <class Number>
  void append_number(Number value) {
    static_assert(sizeof value == kNumberBytes);
    if (row_ == rows_) grow();
    std::memcpy(numbers_ + row_++ * kNumberBytes, &value, kNumberBytes);
  }
  // Where there is no room for it as yet, or the column is of booleans.
  void append_first_null();
  Column with_nulls(Column column) const;
  void grow();
  bool append_string(const Document& document, std::string_view value);
  bool append_time(const Document& document, std::string_view value);

  CellType type_;
  TimeUnit unit_;
  bool is_string_;  // Text or bytes: what stands between the quotes of a JSON string.
  std::variant<TextBuilder, ValueBuilder<int64_t>, ValueBuilder<double>, BooleanBuilder> builder_;
  // All builders but that of booleans, for which there is no room here, hear of their rows last of
  // all, and of nulls never.
  View* views_ = nullptr;               // Where the views of texts go,
  char* numbers_ = nullptr;             // or the bytes of numbers.
  Buffer bits_;                         // The bitmap of nulls, from the first null on,
  uint8_t* valid_ = nullptr;            // and where it begins.
  int64_t row_ = 0, nulls_ = 0, rows_;  // Rows and nulls so far, and rows that there is room for.
  int32_t first_buffer_ = 0;
  std::string unescaped_;
};

}  // namespace levada::parse_json

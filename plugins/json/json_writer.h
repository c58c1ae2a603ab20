// Writes the rows of a batch as JSON objects, one key for each column; structs and lists in it are
// objects and arrays.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "levada/batch.h"
#include "levada/nested.h"
#include "levada/time.h"

namespace levada {

struct JsonStyle {
  enum class Time { rfc3339, seconds, milliseconds, microseconds, nanoseconds };
  Time time = Time::rfc3339;
  // As null; else their keys are left out. Items of lists are written in any case.
  bool write_nulls = false;
  // Columns whose text is JSON already; "user.price" names a member, of the items of a list too.
  std::vector<std::string> raw = {};
};

// The columns of these names in this order; where no names are given, all but `exclude`. Names that
// the batch does not have, and opaque columns that are not nested, are left out.
std::vector<Column> choose_columns(const Batch& batch, std::span<const std::string> names,
                                   std::span<const std::string> exclude);

// For the rows of one batch. Needs no memory for a row.
//   JsonWriter writer(columns, style);
//   ... room for writer.bound(row) bytes at `to` ...
//   char* end = writer.write(row, to);
class JsonWriter {
 public:
  JsonWriter(std::vector<Column> columns, const JsonStyle& style);

  // Bytes that the row cannot exceed.
  size_t bound(int64_t row) const {
    return fixed_bound_ + (text_bounds_.empty() ? 0 : text_bounds_[static_cast<size_t>(row)]);
  }
  // Writes the row as one object, without a line feed behind it; gives where it ends. `to`
  // has room for bound(row) bytes.
  char* write(int64_t row, char* to);

  // Values so far that JSON cannot hold: numbers that are not finite, times outside of the years
  // 0 to 9999 and what is opaque within nested columns (null was written), bytes that are not UTF-8
  // (U+FFFD was written for each), raw text that is not JSON (written as a string).
  int64_t replaced() const { return replaced_; }

 private:
  struct Field {
    static constexpr size_t kShort = 32;

    std::string prefix;  // ,"name": and, where that is short, zeros up to kShort bytes.
    size_t prefix_size;
    Column column;
    Column texts;  // Of dictionaries: where the texts stand.
    Views views;
    bool has_nulls;
    bool is_raw;
    bool is_plain_text;  // Text as it is, neither raw nor of a dictionary.
    std::optional<Nested> nested;
    std::vector<Field> children;  // The members of structs, or the one item of lists.
  };

  // `path`: what raw columns are named by.
  static Field field_of(Column column, const std::string& path, const JsonStyle& style);
  static std::string_view text(const Field& field, int64_t row) {
    return field.views[field.column.type() == Type::dictionary ? field.column.values<int32_t>()[row] : row];
  }
  // What a value needs with its key, but for texts and the items of lists.
  static size_t fixed_bound(const Field& field);
  // Whether values of the field may need more than that, and what they do, added to each row.
  static bool has_bounds(const Field& field);
  static void add_bounds(const Field& field, std::vector<size_t>& to);
  char* write_object(const std::vector<Field>& fields, int64_t row, char* to);
  char* write_list(const Field& field, int64_t row, char* to);
  char* write_value(const Field& field, int64_t row, char* to);
  char* write_text(const Field& field, int64_t row, char* to);
  char* write_time(int64_t microseconds, char* to);

  std::vector<Field> fields_;
  JsonStyle::Time time_;
  bool write_nulls_;
  size_t fixed_bound_ = 2;           // Of each row: all but its texts and lists.
  std::vector<size_t> text_bounds_;  // For each row; empty: there are no texts and no lists.
  int64_t replaced_ = 0;
  Rfc3339Writer rfc3339_;
};

// Writes `text` as a JSON string with its quotes: at most 6 bytes for each of its own, and 2. Gives
// the end. The text must be UTF-8.
char* write_json_string(std::string_view text, char* to);

}  // namespace levada

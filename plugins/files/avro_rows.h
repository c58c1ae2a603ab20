// The rows of a batch as Avro records, and the schema of these.
//
// Each column is a field of type ["null", T]: boolean, long, double, string, bytes, and a long with
// the logical type timestamp-micros; a dictionary is a string, a struct a record, a list an array.
// What is opaque within these is always null. Letters that Avro has in no name (it has A-Z a-z 0-9
// _ and no digit first) become _, names that are taken get a number behind them; a field whose name
// is another then keeps the column's as the property "column".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/batch.h"
#include "levada/nested.h"

namespace levada::files {

// For the rows of one batch. Needs no memory for a row.
//   AvroRows rows(columns);
//   ... room for rows.bound(row) bytes at `to` ...
//   char* end = rows.write(row, to);
class AvroRows {
 public:
  // Of columns that are of the contract's types or nested: choose_columns in json/json_writer.h
  // gives these.
  explicit AvroRows(std::vector<Column> columns);

  // As JSON; the same text for columns of the same names and types in the same order.
  const std::string& schema() const { return schema_; }
  // Bytes that the row cannot exceed.
  size_t bound(int64_t row) const;
  // Writes the row; gives where it ends. `to` has room for bound(row) bytes.
  char* write(int64_t row, char* to) const;

 private:
  struct Field {
    Column column;
    Views views;  // Of text and bytes; of a dictionary: its texts.
    bool has_nulls;
    std::optional<Nested> nested;
    std::vector<Field> children;  // The members of structs, or the one item of lists.

    explicit Field(Column of);
    std::string_view text(int64_t row) const {
      return views[column.type() == Type::dictionary ? column.values<int32_t>()[row] : row];
    }
  };

  static size_t bound(const Field& field, int64_t row);
  static char* write(const Field& field, int64_t row, char* to);
  static char* write_value(const Field& field, int64_t row, char* to);

  std::vector<Field> fields_;
  std::string schema_;
};

}  // namespace levada::files

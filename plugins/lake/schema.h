// The columns of files in a lake, with types narrower than those of batches; from text as users
// write it, from a batch, and from and to a schema of Arrow.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "levada/batch.h"
#include "levada/result.h"

namespace arrow {
class DataType;
class Schema;
}  // namespace arrow

namespace levada::lake {

enum class Kind : uint8_t {
  boolean,
  int8,
  int16,
  int32,
  int64,
  float32,
  float64,
  decimal,
  date,
  timestamp,
  text,
  bytes,
  structure,
  list,
  // Any other type of Arrow that a Parquet file can have: a map, a time of the day. Values of it
  // are written as they come in a batch; it cannot be declared.
  other
};

enum class TimeUnit : uint8_t { seconds, milliseconds, microseconds, nanoseconds };

struct Field;

struct FieldType {
  Kind kind = Kind::text;
  uint8_t precision = 0, scale = 0;        // Of a decimal: how many digits, and how many of them behind the point.
  TimeUnit unit = TimeUnit::microseconds;  // Of a timestamp.
  bool utc = true;                         // Of a timestamp: a point in time; else a wall clock somewhere.
  std::shared_ptr<arrow::DataType> arrow = nullptr;  // Of the other kind.
  std::vector<Field> children = {};                  // The members of a struct, or the one item of a list.

  // "decimal(10,2)": as parse_type reads it, except for the other kind.
  std::string name() const;
  bool is_nested() const { return kind == Kind::structure || kind == Kind::list || kind == Kind::other; }
  bool operator==(const FieldType& other) const;
};

// What the item of a list is called in files.
inline constexpr const char* kItem = "element";

struct Field {
  std::string name;
  FieldType type;
  bool nullable = true;
  bool operator==(const Field&) const = default;
};

// boolean, int8, int16, int32, int64, float32, float64, decimal(PRECISION,SCALE), date, text,
// bytes, and timestamp with _s, _ms, _us or _ns behind it (none: _us) for its unit, and _ntz behind
// that for one without a zone; list<TYPE> and struct<NAME: TYPE, ...>, with " not null" behind a
// TYPE or not.
Result<FieldType> parse_type(std::string_view text);

class LakeSchema {
 public:
  LakeSchema() = default;
  explicit LakeSchema(std::vector<Field> fields) : fields_(std::move(fields)) {}

  // Out of an option that is a table: a name, and a type with " not null" behind it or not. What is
  // wrong is said of the option "OPTION.NAME".
  static Result<LakeSchema> parse(std::span<const std::pair<std::string, std::string>> columns,
                                  std::string_view option = "columns");
  // All columns of the batch that a file can have, each with the type that has its values as they
  // are: the body is bytes, a dictionary of text is text. Columns of a layout that no Parquet file
  // has (unions) are left out.
  static LakeSchema of(const Batch& batch);
  static Result<LakeSchema> of(const arrow::Schema& schema);
  std::shared_ptr<arrow::Schema> to_arrow() const;

  const std::vector<Field>& fields() const { return fields_; }
  const Field* find(std::string_view name) const;
  bool operator==(const LakeSchema&) const = default;

 private:
  std::vector<Field> fields_;
};

}  // namespace levada::lake

// The schema of a table as its metadata holds it: what levada does not know of it is carried on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lake/schema.h"
#include "levada/result.h"

namespace levada::delta {

struct TableField {
  std::string name;
  std::string type;  // As JSON: "\"long\"", or an object for nested types.
  bool nullable = true;
  std::string metadata = "{}";  // As JSON.
  bool operator==(const TableField&) const = default;
};

class TableSchema {
 public:
  // FATAL where the text is no schema.
  static Result<TableSchema> parse(std::string_view json);
  // FATAL for a type that Delta does not have.
  static Result<TableSchema> of(const lake::LakeSchema& schema);

  std::string json() const;
  // What writers of files need. FATAL for a type that cannot be written, with the column's name.
  Result<lake::LakeSchema> lake() const;

  const std::vector<TableField>& fields() const { return fields_; }
  const TableField* find(std::string_view name) const;
  void add(TableField field) { fields_.push_back(std::move(field)); }

 private:
  std::vector<TableField> fields_;
};

// The type as Delta writes it, as JSON. `where`: the column, for messages.
Result<std::string> delta_type_of(const lake::FieldType& type, const std::string& where);
Result<lake::FieldType> lake_type_of(const std::string& json, const std::string& where);
// Whether the type, or one inside of it, is a timestamp without a zone.
bool has_timestamp_ntz(const std::string& type_json);

}  // namespace levada::delta

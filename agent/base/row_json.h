// Rows of a batch as JSON, for what the agent itself prints.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "levada/nested.h"

namespace levada::agent {

// Of one batch, which it must not outlive.
class RowJson {
 public:
  explicit RowJson(const Batch& batch);
  // Appends `,"name":value` for each column that is not null, structs and lists as objects and
  // arrays; bytes that are no UTF-8 as "name_base64". Of an opaque value only its Arrow format is
  // shown, as "name_opaque". Such items of lists are objects, {"base64":...} and {"opaque":...}.
  void append(std::string& to, int64_t row) const { append(to, fields_, row); }

 private:
  struct Field {
    Column column;
    std::string prefix, other_prefix;  // ,"body": and ,"body_base64":
    std::optional<Nested> nested;
    std::vector<Field> children;  // The members of structs, or the one item of lists.
  };
  static Field field_of(const Column& column);
  // Whether the value is written under its name.
  static bool is_readable(const Field& field, int64_t row);
  static void append(std::string& to, const std::vector<Field>& fields, int64_t row);
  static void append_value(std::string& to, const Field& field, int64_t row);
  static void append_list(std::string& to, const Field& field, int64_t row);

  std::vector<Field> fields_;
};

}  // namespace levada::agent

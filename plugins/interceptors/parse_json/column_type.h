// The type of a column that a user declares: of a cell, or of structs and lists of such.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cell_builder.h"
#include "levada/result.h"
#include "levada/type_text.h"

namespace levada::parse_json {

struct ColumnType {
  TypeText::Kind kind = TypeText::Kind::named;
  CellType cell = CellType::text;  // Of a named one.
  // The members of a struct by their names, or the one item of a list.
  std::vector<std::pair<std::string, ColumnType>> children = {};

  // "int64", "struct<id: int64, tags: list<text>>"
  static Result<ColumnType> parse(std::string_view text);
  // As parse reads it.
  std::string name() const;
  bool is_nested() const { return kind != TypeText::Kind::named; }
  // Whether it is a cell of this type, or has one in it.
  bool has(CellType type) const;
  // "text, int64, ... or json"
  static std::string names_of_cells();
};

}  // namespace levada::parse_json

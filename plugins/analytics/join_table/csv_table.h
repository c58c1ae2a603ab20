// A table that was read from CSV: never changed, looked up by key.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "key_index.h"
#include "levada/column.h"
#include "levada/result.h"
#include "text/csv_record.h"
#include "text/declared_column.h"

namespace levada::join_table {

struct TableShape {
  std::vector<std::string> keys;        // The columns that make the key.
  std::vector<DeclaredColumn> columns;  // Types; where there are none, all others are text.
  CsvFormat format;
};

class CsvTable {
 public:
  // The first record names the columns. FATAL, with "path:line:column: ...", where something is
  // wrong.
  static Result<std::shared_ptr<const CsvTable>> parse(const std::string& path, std::string_view text,
                                                       const TableShape& shape);

  int64_t rows() const { return rows_; }
  const KeyIndex& index() const { return index_; }
  // Those that are not keys. Behind the last row each has one of null.
  const std::vector<Column>& columns() const { return columns_; }

 private:
  int64_t rows_ = 0;
  KeyIndex index_;
  std::vector<Column> columns_;
};

}  // namespace levada::join_table

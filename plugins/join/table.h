// A table that rows are joined with: never changed, looked up by key.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "join/key_index.h"
#include "levada/column.h"
#include "text/declared_column.h"
#include "text/value_column.h"

namespace levada::join {

class Table {
 public:
  int64_t rows() const { return rows_; }
  const KeyIndex& index() const { return index_; }
  // Those that are not keys. Behind the last row each has one of null.
  const std::vector<Column>& columns() const { return columns_; }
  // Rows that nothing can be joined with, and why.
  const std::unordered_map<int64_t, std::string>& faults() const { return faults_; }

 private:
  friend class TableBuilder;

  int64_t rows_ = 0;
  KeyIndex index_;
  std::vector<Column> columns_;
  std::unordered_map<int64_t, std::string> faults_;
};

// Makes a table of texts: of each row first its key, part by part, then its other columns.
class TableBuilder {
 public:
  TableBuilder(std::vector<DeclaredColumn> keys, const std::vector<DeclaredColumn>& columns);

  // The next part of the key; false where the text is no value of its type.
  bool add_to_key(std::string_view text);
  // Ends the key. The row that has the same one, else -1.
  int64_t end_key();
  // The value of column `at` of the row; false where the text is none of its type.
  bool add(size_t at, std::string_view text) { return values_[at].append(text); }
  void add_null(size_t at) { values_[at].append_null(); }
  void end_row() { ++table_->rows_; }
  // Notes why nothing can be joined with a row: the first reason stays.
  void add_fault(int64_t row, std::string why) { table_->faults_.try_emplace(row, std::move(why)); }

  std::shared_ptr<const Table> finish() &&;

 private:
  const std::vector<DeclaredColumn> keys_;
  std::vector<std::string> names_;
  std::vector<ValueColumn> values_;
  std::shared_ptr<Table> table_ = std::make_shared<Table>();
  std::string key_, part_;
  size_t parts_ = 0;  // Of the key.
};

// The column of this name with the type that it is declared with; text where it is not.
DeclaredColumn declared_as(const std::string& name, const std::vector<DeclaredColumn>& columns);

}  // namespace levada::join

// A table of the rows that a query gives.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "join/join.h"
#include "levada/result.h"

namespace levada::join_postgres {

class PostgresTable {
 public:
  // What becomes of a table in which a key comes twice, or a value is none of its column's type: it
  // is refused, or whoever meets that key is.
  enum class Faults { refuse, keep };

  // `shape` outlives it.
  explicit PostgresTable(const join::TableShape& shape, Faults faults = Faults::refuse)
      : shape_(shape), faults_(faults) {}

  // Adds the rows of a result, which come with the same columns each time. FATAL where a column is
  // missing, or a row is at fault and is not kept.
  Done add(const PGresult& result);
  // Once a result has come.
  std::shared_ptr<const join::Table> finish() { return std::move(*builder_).finish(); }

 private:
  struct Source {
    int number;  // Of the column in the result.
    DeclaredColumn column;
    bool is_bytes;  // As the server has it.
    bool is_time;
  };

  Done begin(const PGresult& result);
  Done add_row(const PGresult& result, int row);
  // Keeps what is wrong with a row of the table, or gives it back.
  Done fault(int64_t row, std::string why);
  Source source(const PGresult& result, int number, std::optional<DeclaredColumn> declared) const;
  // The value as it is read by its column's type. Valid until the next call.
  std::string_view text(const PGresult& result, int row, const Source& source);
  static std::string misfit(const Source& source, std::string_view text);

  const join::TableShape& shape_;
  const Faults faults_;
  std::vector<Source> keys_, values_;
  std::optional<join::TableBuilder> builder_;
  int64_t rows_ = 0;
  std::string scratch_;
};

}  // namespace levada::join_postgres

// The query for the next rows of a query, behind those that were given already.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/result.h"
#include "settings.h"

namespace levada::postgres_source {

// One of several parts that a query is divided into.
struct Share {
  int64_t number = 1, of = 1;

  // "2/5"; nothing where it is no such text.
  static std::optional<Share> parse(std::string_view text);
};

// A column of the query.
struct QueryColumn {
  std::string name;
  unsigned type = 0;  // The object identifier of its type.
};

class PageQuery {
 public:
  // `columns`: of the query; `cursor_type`: of its cursor, as SQL has it; `is_whole`: whether that
  // is a type of whole numbers. FATAL where it cannot be divided as the settings want it.
  static Result<PageQuery> of(const PostgresSettings& settings, const std::vector<QueryColumn>& columns,
                              const std::string& cursor_type, bool is_whole);

  // What is asked: all columns in their order, and behind them the cursor as text. At least `rows`
  // rows, if there are so many: those with one cursor are never divided. Its parameters are the
  // position that they are behind, and the last whole number to read, where there are these.
  std::string page(int64_t rows, bool is_behind, bool has_last) const;
  // One row, or several: the greatest cursor as text, null where there are no rows; a writer to the
  // tables of the query (writers.h), nulls where there is none.
  std::string greatest_and_writers() const;

 private:
  std::string head_, from_, cursor_, cursor_type_;
};

// Whether values of the type are read in PostgreSQL's binary form; those of all others as its text.
bool is_read_binary(unsigned type);

}  // namespace levada::postgres_source

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

  // What is asked: all columns in their order, and behind them the cursor as text. With rows behind
  // a position that is parameter $1. At least `rows` rows, if there are so many: those with one
  // cursor are never divided.
  std::string first(int64_t rows) const { return head_ + tail(rows); }
  std::string next(int64_t rows) const { return head_ + " AND " + behind_ + tail(rows); }

 private:
  std::string tail(int64_t rows) const {
    return " ORDER BY " + cursor_ + " FETCH FIRST " + std::to_string(rows) + " ROWS WITH TIES";
  }

  std::string head_, behind_, cursor_;
};

// Whether values of the type are read in PostgreSQL's binary form; those of all others as its text.
bool is_read_binary(unsigned type);

// The query as a part of another: without a semicolon at its end.
std::string inner_query(std::string_view query);

}  // namespace levada::postgres_source

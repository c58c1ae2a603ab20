// The columns that a parser of bodies makes: of each row's body it has found the parts, which
// become values of declared types.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "levada/builders.h"
#include "text/declared_column.h"
#include "text/value_column.h"

namespace levada {

class ParsedColumns {
 public:
  // The body of a row, in the column that start was given.
  struct Body {
    const View* view;
    std::string_view text;
  };
  // What a column's value is made of. A part of the body is not copied; other text is.
  struct Part {
    std::string_view text;
    bool is_missing = false;
    bool is_in_body = true;
  };

  // A value that does not fit its column is null and counted, or the row is to be rejected.
  ParsedColumns(std::vector<DeclaredColumn> columns, bool reject_mismatches)
      : columns_(std::move(columns)), reject_mismatches_(reject_mismatches) {}

  const std::vector<DeclaredColumn>& columns() const { return columns_; }

  // Starts a batch with these bodies.
  void start(const Column& bodies);
  // Adds a row, with a part for each column. False, with the number of the column at fault and the
  // reason, where it is to be rejected; it is added with nulls then.
  bool append(const Body& body, std::span<const Part> parts, size_t& fault, std::string& reason);
  void append_nulls();
  std::vector<Column> finish();
  // Values of the last batch that did not fit.
  int64_t mismatches() const { return mismatches_; }

 private:
  std::vector<DeclaredColumn> columns_;
  bool reject_mismatches_;
  std::vector<ValueColumn> builders_;
  int64_t mismatches_ = 0;
};

}  // namespace levada

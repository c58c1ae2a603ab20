// Adds columns that say of each row which patterns occur in its text.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "levada/batch.h"
#include "pattern_set.h"
#include "text/value_column.h"

namespace levada::match_patterns {

class PatternColumns {
 public:
  // The set must stay. `names`: the column for the list of the names of the patterns that occur, or
  // empty. A pattern is counted up to `matches_max` times in a row.
  PatternColumns(PatternSet& set, const std::string& names, int64_t matches_max);

  // Adds the columns, and to rows[n] in how many rows pattern n occurs; rows behind the last one
  // get those in which any does. Where the text is null, so are all columns.
  void add(Batch& batch, const Column& texts, std::span<int64_t> rows);
  // Values of the last batch that were not of their column's type.
  int64_t mismatches() const { return mismatches_; }

 private:
  // Where the values of a pattern go, in the batch at hand: one of these, by what the pattern is
  // declared as.
  struct Target {
    As as = As::none;
    uint8_t* bits = nullptr;
    int64_t* counts = nullptr;
  };
  // A column with the label of the first pattern of several.
  struct First {
    std::vector<int32_t> ranks;  // Of each pattern; kNoRank where it is not one of them.
    int32_t otherwise;           // The index where none occurs; -1: null.
    Column labels;
  };

  void start(const Column& texts);
  void add_null();

  PatternSet& set_;
  const std::string names_;
  const int64_t matches_max_;
  Column all_names_;
  std::vector<size_t> value_patterns_;  // Ascending.
  std::vector<First> firsts_;

  // Of the batch at hand.
  std::vector<Target> targets_;
  std::vector<Buffer> buffers_;  // Of the bits and counts.
  std::vector<ValueColumn> values_;
  std::vector<ValueBuilder<int32_t>> indices_;
  int64_t mismatches_ = 0;
  struct Names;
};

}  // namespace levada::match_patterns

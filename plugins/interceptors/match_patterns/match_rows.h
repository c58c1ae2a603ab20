// Makes a row of each match.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "levada/batch.h"
#include "pattern_set.h"

namespace levada::match_patterns {

// In place of the rows one for each match in their texts, by the order of rows, patterns and
// places, with the row's columns `keep` (all but the one of the texts where there is none named)
// and
//   pattern   the name of the pattern
//   value     what was found, text; null where it is no UTF-8
//   start     the byte of the text at which the value begins
// A pattern gives `matches_max` rows for a row at most. `rows` as for PatternColumns::add. Gives
// how many values were no UTF-8.
int64_t make_match_rows(PatternSet& set, Batch& batch, const Column& texts, const std::vector<std::string>& keep,
                        int64_t matches_max, std::span<int64_t> rows);

}  // namespace levada::match_patterns

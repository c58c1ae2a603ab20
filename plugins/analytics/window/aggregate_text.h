// Reads what a user writes for an aggregate: "count", "sum(bytes_sent)", "count_if(status >= 500)",
// "avg(end_timestamp - start_timestamp) / 1000", "quantile(duration, 0.95)", "top(url, 10)".
#pragma once

#include <string>
#include <string_view>

#include "levada/result.h"

namespace levada::window {

struct AggregateText {
  std::string function;
  std::string argument;  // A column; the condition of count_if; a span of time.
  std::string minus;     // A column that is taken from the first.
  double parameter = 0;  // A share of quantile, how many of top.
  bool has_parameter = false;
  double divisor = 1;
};

Result<AggregateText> parse_aggregate(std::string_view text);

}  // namespace levada::window

#include "aggregates.h"

#include "aggregate_text.h"
#include "conditions/condition_parser.h"
#include "distinct.h"
#include "picks.h"
#include "sketched.h"
#include "sums.h"

namespace levada::window {
namespace {

constexpr const char* kFunctions =
    "count, count_if(condition), sum(column), avg(column), min(column), max(column), first(column), last(column), "
    "distinct(column), distinct_approximate(column), quantile(column, share), top(column, values)";

using Made = Result<std::unique_ptr<Aggregate>>;

Made of_condition(const AggregateText& text, const std::function<void(std::string_view)>& tell) {
  auto condition = conditions::parse_condition(text.argument);
  if (!condition) return std::move(condition).error();
  return std::make_unique<CountIf>(*std::move(condition), tell);
}

}  // namespace

Made make_aggregate(std::string_view written, const std::function<void(std::string_view)>& tell) {
  auto parsed = parse_aggregate(written);
  if (!parsed) return std::move(parsed).error();
  const auto& text = *parsed;
  const auto& function = text.function;
  const bool adds = function == "sum" || function == "avg";
  if (!text.minus.empty() && !adds && function != "quantile")
    return fatal("only sum, avg and quantile take a difference of columns");
  if (text.divisor != 1 && !adds) return fatal("only sum and avg take \"/ NUMBER\"");
  if (function == "count") {
    if (!text.argument.empty())
      return fatal("count has no column: count_if(" + text.argument + " is not null) counts values");
    return std::make_unique<Count>();
  }
  if (text.argument.empty() && std::string_view(kFunctions).find(function + "(") != std::string_view::npos)
    return fatal(function + " needs a column: \"" + function + "(bytes)\"");
  if (function == "count_if") return of_condition(text, tell);
  if (function == "quantile") {
    if (!text.has_parameter || !(text.parameter >= 0 && text.parameter <= 1))
      return fatal("quantile needs a share from 0 to 1: \"quantile(duration, 0.95)\"");
    return std::make_unique<Quantile>(Numbers(text.argument, text.minus), text.parameter);
  }
  if (function == "top") {
    if (!text.has_parameter || !(text.parameter >= 1 && text.parameter <= 1000))
      return fatal("top needs a number of values from 1 to 1000: \"top(url, 10)\"");
    return std::make_unique<Top>(text.argument, static_cast<size_t>(text.parameter));
  }
  if (text.has_parameter) return fatal(function + " takes one column and no number");
  if (adds) return std::make_unique<Sum>(Numbers(text.argument, text.minus), text.divisor, function == "avg");
  if (function == "min" || function == "max") return std::make_unique<Extreme>(text.argument, function == "max");
  if (function == "first" || function == "last") return std::make_unique<Pick>(text.argument, function == "last");
  if (function == "distinct_approximate") return std::make_unique<DistinctApproximate>(text.argument);
  if (function == "distinct") return std::make_unique<Distinct>(text.argument);
  return fatal("there is no aggregate \"" + function + "\": there are " + kFunctions);
}

}  // namespace levada::window

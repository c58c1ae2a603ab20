// Conditions that set a column against what the user wrote: numbers, texts, lists
// of them, regular expressions.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "condition.h"
#include "levada/result.h"

namespace levada::conditions {

enum class Operator { equal, less, less_or_equal, greater, greater_or_equal };

using Number = std::variant<int64_t, double>;

ConditionPtr compare(std::string column, Operator how, Number number);
ConditionPtr compare(std::string column, Operator how, std::string text);
ConditionPtr is_one_of(std::string column, std::vector<Number> numbers);
ConditionPtr is_one_of(std::string column, std::vector<std::string> texts);

ConditionPtr contains(std::string column, std::string part);
ConditionPtr starts_with(std::string column, std::string part);
ConditionPtr ends_with(std::string column, std::string part);
ConditionPtr is_digits(std::string column);
// A part of the text matches, or all of it where the expression says ^...$. Fails with RE2's words.
Result<ConditionPtr> matches(std::string column, const std::string& expression);

}  // namespace levada::conditions

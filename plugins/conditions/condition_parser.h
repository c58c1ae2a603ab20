// Reads conditions: "status >= 500 and not (path starts_with '/health' or agent matches '^kube')".
#pragma once

#include <string_view>

#include "condition.h"
#include "levada/result.h"

namespace levada::conditions {

// Fails with where and what: "at character 12: expected a column, got
// ')'". Characters count from 1.
Result<ConditionPtr> parse_condition(std::string_view text);

}  // namespace levada::conditions

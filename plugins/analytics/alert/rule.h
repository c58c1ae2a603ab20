// A rule as the user wrote it: which rows it looks at, and when it tells.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conditions/condition.h"
#include "levada/options.h"
#include "levada/pattern.h"
#include "levada/result.h"

namespace levada::alert {

struct Rule {
  // What is watched: a value itself, how far it moved within a window, or that rows or changes stay
  // away.
  enum class Kind { value, movement, silence };

  std::string name;
  Kind kind = Kind::value;
  conditions::ConditionPtr where;  // Null: all rows.
  std::string column;              // Empty for a silence of rows.
  bool upwards = true;             // Too much, or too little.
  double limit = 0;
  double until = 0;                  // Where it is over again.
  int64_t hold = 0;                  // Microseconds that it must last before it is told.
  int64_t window = 0;                // Microseconds, of a movement.
  std::chrono::nanoseconds span{0};  // Of a silence.
  Pattern text;                      // Empty: the default.
};

// All rules; an error names the option at fault, "rules.disk_full.above".
Result<std::vector<Rule>> parse_rules(const Tree& rules);

// "30s", "250ms", "1.5h": nothing where it is no duration, or is not more than 0.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
// "1h5m", "30s", "250ms", in units that a person would take.
std::string duration_text(std::chrono::microseconds span);

}  // namespace levada::alert

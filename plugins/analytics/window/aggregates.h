// The aggregates that there are.
#pragma once

#include <functional>

#include "aggregate.h"
#include "levada/result.h"

namespace levada::window {

// Out of what the user wrote. `tell` says to the user what is odd about columns. FATAL with what
// is wrong.
Result<std::unique_ptr<Aggregate>> make_aggregate(std::string_view text,
                                                  const std::function<void(std::string_view)>& tell);

}  // namespace levada::window

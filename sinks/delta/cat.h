// The rows of a table as JSON, one object a line.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "levada/result.h"
#include "snapshot.h"
#include "table_log.h"

namespace levada::delta {

// All rows, or the first so many, in no order.
Done cat(TableLog& log, const Snapshot& snapshot, std::optional<int64_t> limit,
         const std::function<void(std::string_view)>& write);

}  // namespace levada::delta

// The routes as users write them.
#pragma once

#include <vector>

#include "http_server/route.h"
#include "levada/options.h"
#include "levada/result.h"

namespace levada::http_source {

// From { "/logs" = { format = "ndjson", columns = { app = "shop" } } }; an error names the option.
Result<std::vector<http_server::Route>> read_routes(const Tree& routes);

}  // namespace levada::http_source

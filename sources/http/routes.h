// What a source takes at which path, and which columns its rows get.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "levada/options.h"
#include "levada/result.h"

namespace levada::http_source {

enum class Format : uint8_t {
  by_type,  // As the Content-Type says.
  whole,    // The body is one row.
  lines,    // A row for each line.
  ndjson,   // A JSON document for each line.
  json,     // A row for each element of an array; any other document is one row.
  flume     // [{"headers": {...}, "body": "..."}, ...]
};

struct Route {
  using Named = std::vector<std::pair<std::string, std::string>>;

  std::string path;  // "/logs"
  Format format = Format::by_type;
  size_t lanes = 1;                        // Streams that its batches are spread over.
  Named columns;                           // Column and its text.
  Named headers;                           // Column and the header that it has the text of.
  Named query;                             // Column and the parameter of the target.
  std::vector<std::string> flume_headers;  // Columns by the names of Flume's headers; none: "headers" has all, as JSON.

  // The name of a lane's stream: "logs", "logs#1".
  std::string stream(size_t lane) const;
};

// From { "/logs" = { format = "ndjson", columns = { app = "shop" } } }; an error names the option.
Result<std::vector<Route>> read_routes(const Tree& routes);

// What a body with this Content-Type is, where the route leaves it open.
Format format_of(std::string_view content_type);

}  // namespace levada::http_source

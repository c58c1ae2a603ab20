// What is taken at a path, and which columns its rows get.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http_server/content_encoding.h"

namespace levada::http_server {

enum class Format : uint8_t {
  by_type,  // As the Content-Type says.
  whole,    // The body is one row.
  lines,    // A row for each line.
  ndjson,   // A JSON document for each line.
  json,     // A row for each element of an array; any other document is one row.
  flume     // [{"headers": {...}, "body": "..."}, ...]
};

// What a body with this Content-Type is, where the route leaves it open.
Format format_of(std::string_view content_type);

struct BodyRows;

struct Route {
  using Named = std::vector<std::pair<std::string, std::string>>;

  std::string path;  // "/logs"
  Format format = Format::by_type;
  // Reads the bodies in place of the format, where there is one; by the listener's thread. It takes
  // the body.
  std::function<BodyFault(std::string_view content_type, std::string body, BodyRows& rows)> read = {};
  size_t lanes = 1;                             // Streams that its batches are spread over.
  int status = 200;                             // Of the answer when the rows are stored.
  std::string id_column = {};                   // Column with the id that the answer has; empty: none.
  std::string time_column = {};                 // Column with the time when the request came; empty: none.
  Named columns = {};                           // Column and its text.
  Named headers = {};                           // Column and the header that it has the text of.
  Named query = {};                             // Column and the parameter of the target.
  std::vector<std::string> row_columns = {};    // Those that BodyRows::more has the texts of.
  std::vector<std::string> flume_headers = {};  // Which of them are in row_columns; none: "headers" has all, as JSON.

  // The name of a lane's stream: "logs", "logs#1".
  std::string stream(size_t lane) const {
    return path.substr(1) + (lane == 0 ? std::string() : "#" + std::to_string(lane));
  }
};

}  // namespace levada::http_server

// The rows that a body holds, by its format; or why it holds none.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http_server/content_encoding.h"
#include "http_server/route.h"
#include "json/json_parser.h"

namespace levada::http_server {

// A part of a text. Of a value that is missing, `size` is kMissing.
struct Part {
  static constexpr uint32_t kMissing = UINT32_MAX;
  uint32_t offset = 0, size = kMissing;
};

struct BodyRows {
  std::string text;                     // What the parts are of.
  std::vector<Part> rows;               // Their bodies.
  std::vector<std::vector<Part>> more;  // Of Flume's form: for each column its texts, one for each row.
};

class BodyReader {
 public:
  // A row may have so many bytes.
  explicit BodyReader(size_t row_bytes) : row_bytes_(row_bytes) {}

  // Takes the body. What is not valid JSON in a format that is JSON is a fault of the client, with
  // the line and the column where it is: no row is taken then. An empty body has no rows.
  BodyFault read(Format format, std::span<const std::string> flume_headers, std::string body, BodyRows& rows);

 private:
  BodyFault read_whole(BodyRows& rows) const;
  BodyFault read_lines(bool is_json, BodyRows& rows);
  BodyFault read_json(BodyRows& rows);
  BodyFault read_flume(std::span<const std::string> headers, BodyRows& rows);
  BodyFault check_sizes(const BodyRows& rows) const;

  const size_t row_bytes_;
  JsonParser parser_;
  simdjson::dom::parser flume_parser_;
};

}  // namespace levada::http_server

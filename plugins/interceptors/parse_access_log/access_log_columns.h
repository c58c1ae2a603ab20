// The columns that lines of an access log become.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "access_log_line.h"
#include "levada/builders.h"

namespace levada::parse_access_log {

enum class Part {
  host,
  ident,
  user,
  timestamp,
  request,
  method,
  path,
  protocol,
  http_response,
  bytes_sent,
  referer,
  user_agent
};
inline constexpr std::array<std::string_view, 12> kPartNames = {"host",          "ident",      "user",    "timestamp",
                                                                "request",       "method",     "path",    "protocol",
                                                                "http_response", "bytes_sent", "referer", "user_agent"};

// A line with the row's body that it is a part of. Of a row that is rejected there is a line too,
// an empty one.
struct LineOfBody {
  AccessLogLine line;
  const View* view = nullptr;
  std::string_view text;
};

// Builds one column out of the lines of a batch, some at a time.
class PartColumn {
 public:
  PartColumn(Part part, const Column& body);
  void append(std::span<const LineOfBody> lines);
  Column finish() &&;

 private:
  template <std::string_view AccessLogLine::* member>
  void append_text(std::span<const LineOfBody> lines);
  template <std::string_view AccessLogLine::* member>
  void append_text_or_null(std::span<const LineOfBody> lines);
  template <int64_t AccessLogLine::* member>
  void append_number(std::span<const LineOfBody> lines);

  Part part_;
  std::variant<TextBuilder, ValueBuilder<int64_t>> builder_;
  int32_t first_buffer_ = 0;
};

}  // namespace levada::parse_access_log

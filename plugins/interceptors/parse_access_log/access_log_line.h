// One line of an access log, taken apart: all texts are parts of the line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "access_log_time.h"

namespace levada::parse_access_log {

struct AccessLogLine {
  std::string_view host, ident, user;
  std::string_view request;                 // As it stands there, its escapes too.
  std::string_view method, path, protocol;  // Of the request; without data where it does not have them.
  std::string_view referer, user_agent;
  int64_t microseconds = 0, status = 0, bytes = 0;
};

// Which parts of a line are looked for.
struct WantedParts {
  bool of_request = false;  // method, path, protocol
  bool combined = false;    // referer, user_agent
};

// Why a line is none, and at which byte.
struct Fault {
  size_t offset = 0;
  const char* reason = "";
};

// Takes lines apart:
//   host ident user [time] "request" status bytes
// and, where these are wanted, ` "referer" "user agent"` behind that. More may follow.
class LineReader {
 public:
  explicit LineReader(WantedParts wanted) : wanted_(wanted) {}

  // False, with the fault, where it is no such line. `line` is of no use then.
  bool read(std::string_view text, AccessLogLine& line, Fault& fault);

 private:
  WantedParts wanted_;
  AccessLogTime time_;
};

}  // namespace levada::parse_access_log

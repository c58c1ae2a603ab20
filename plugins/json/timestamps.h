// Points in time as text, in the form of RFC 3339.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace levada {

// Microseconds since 1970 UTC of "2024-02-29T23:59:59.25+01:00". A blank may stand for the T; digits beyond the
// microsecond are cut off; second 60 is the first of the next minute.
std::optional<int64_t> parse_rfc3339(std::string_view text);

// Writes times as "2024-02-29T22:59:59.250000Z"; remembers the day, as times that follow each other mostly share it.
class Rfc3339Writer {
 public:
  static constexpr size_t kSize = 27;
  // Gives the end of what was written; null, and nothing written, outside of the years 0 to 9999.
  char* write(int64_t microseconds, char* to);

 private:
  int64_t day_ = std::numeric_limits<int64_t>::min();
  char date_[11] = {};
};

}  // namespace levada

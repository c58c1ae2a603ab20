// Writes points in time as text, in the form of RFC 3339; levada/time.h reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace levada {

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

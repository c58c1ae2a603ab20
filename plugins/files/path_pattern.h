// The path of the file that a row belongs in, made of time and columns:
// "/data/{host}/%Y/%m/%d/part-".
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "levada/batch.h"
#include "levada/pattern.h"

namespace levada::files {

enum class TimeZone { utc, local };

struct PathStyle {
  TimeZone zone = TimeZone::utc;
  // The time in paths is the last multiple of it, counted from the midnight of a day; 0: as it is.
  std::chrono::microseconds round_time{0};
  bool allows_colons = true;  // HDFS knows none in names: what columns say has "_" instead.
};

class PathPattern {
 public:
  // Fails on what is no pattern, and on escapes other than %Y %y %m %d %H %M %S %j %F %%.
  static Result<PathPattern> parse(std::string_view text, PathStyle style);

  // Every row has the same path.
  bool constant() const { return !uses_time_ && pattern_.constant(); }
  bool uses_time() const { return uses_time_; }
  bool uses_columns() const { return !pattern_.constant(); }

  // The batch whose rows are asked for from now on.
  void bind(const Batch& batch) { bound_.bind(pattern_, batch); }
  // Rows of the same unit have the same time in their paths. `time` in microseconds since 1970.
  int64_t unit(int64_t time) const { return time >= 0 ? time / unit_us_ : (time + 1) / unit_us_ - 1; }
  // Appends the row's path. Gives the name of the column that has no value, else null. What a
  // column says stays within one part of the path: slashes and control characters become "_", so do
  // ".", ".." and "", and 100 bytes are the most.
  const std::string* append(int64_t row, int64_t time, std::string& to);

 private:
  void expand(int64_t time);

  Pattern pattern_;
  Pattern::Bound bound_;
  PathStyle style_;
  bool uses_time_ = false;
  int64_t unit_us_ = std::numeric_limits<int64_t>::max();
  int64_t expanded_unit_ = std::numeric_limits<int64_t>::min();
  std::vector<std::string> literals_;  // Of the pattern's pieces, for the time of expanded_unit_.
};

}  // namespace levada::files

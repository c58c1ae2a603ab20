// Joins lines that belong together: what does not begin like the first line of a row goes on with
// the one before.
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "levada/batch.h"
#include "levada/result.h"

namespace levada::tail {

class LineJoiner {
 public:
  // `start`: what the first line of a row matches (RE2). A row of more bytes than that begins
  // another one.
  static Result<LineJoiner> make(const std::string& start, size_t row_bytes);

  struct Joined {
    Batch rows;
    std::optional<int64_t> open_line;  // Of the lines: the first one of the row that may go on.
  };
  // The rows of lines with a column "body", each with what else its first line has. The last row is
  // left open unless it is `complete`, nothing can come behind it. A rejected line, with a reason,
  // is a row by itself.
  Joined join(const Batch& lines, bool complete) const;

 private:
  LineJoiner() = default;
  std::unique_ptr<RE2> start_;
  size_t row_bytes_ = 0;
};

}  // namespace levada::tail

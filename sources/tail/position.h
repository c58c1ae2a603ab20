// Where a followed file stands, as text: which file, and how far.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rows/file_identity.h"
#include "rows/place.h"

namespace levada::tail {

struct FilePosition {
  uint64_t generation = 0;  // How many files have had the name before, or how often it was truncated.
  rows::Identity identity;  // Of what the file has in it, decompressed.
  rows::Place place;
};

std::string text_of(const FilePosition& position);
// Nothing where it is none.
std::optional<FilePosition> parse_position(std::string_view text);

}  // namespace levada::tail

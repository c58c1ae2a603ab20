// Files with patterns, in TOML.
#pragma once

#include <string>
#include <string_view>

#include "levada/result.h"
#include "node.h"

namespace levada::match_patterns {

// The file as one table. FATAL, with "path:line:column: ...", where it is no TOML.
Result<Node> read_pattern_file(const std::string& path, std::string_view text);

// What is wrong in the file, as FATAL "path:line:column: ...". A byte of a text is told as the
// place in the file that it was written at, whatever quotes and escapes it stands in.
Error error_in_file(const std::string& path, std::string_view text, const Fault& fault);

}  // namespace levada::match_patterns

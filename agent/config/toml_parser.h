// TOML text to a tree of nodes. The one place that knows the TOML library.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/config/node.h"

namespace levada::agent {

// The table that `text` describes, its places in `file`; or nothing, and why. What is defined twice
// is reported and left out, and the rest is read all the same.
std::optional<Node> parse_toml(std::string_view text, const std::string& file, Diagnostics& diagnostics);

}  // namespace levada::agent

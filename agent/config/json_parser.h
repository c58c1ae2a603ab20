// An object of JSON to the same tree of nodes that a table of TOML gives.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/config/node.h"

namespace levada::agent {

// Nothing, and a finding, where the text is no object of JSON. A null is as
// good as a name that is left out.
std::optional<Node> parse_json(std::string_view text, const std::string& file, Diagnostics& diagnostics);

}  // namespace levada::agent

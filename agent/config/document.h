// Reads a configuration: the main file, then conf.d/*.toml beside it in the order
// of their names, as one tree.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/base/secrets.h"
#include "agent/config/node.h"

namespace levada::agent {

struct Document {
  std::string path;  // of the main file, as the user gave it
  Node root;         // strings hold what ${env:} and ${file:} stand for
  Secrets secrets;
};

// Tables of several files become one table; a key that is set twice is a finding that
// names both places. Nothing comes back if a file cannot be read or is no TOML: then only
// that is reported, for all files.
std::optional<Document> read_document(const std::string& path, Diagnostics& diagnostics);

// The table [agent] alone, where the files cannot be read as a whole: of a file that is no TOML,
// what its lines from `[agent]` to the next header say. Nothing comes back if those are no TOML
// either, if the main file is no TOML and has no such lines, if a file cannot be read, or if none
// has such a table.
std::optional<Document> read_agent_table(const std::string& path, Diagnostics& diagnostics);

// A single value as an option's default is written: `"5s"`, `["a"]`. Without substitution.
std::optional<Node> parse_value(std::string_view toml);

}  // namespace levada::agent

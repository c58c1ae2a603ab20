// A configuration as it was written: values with their kind and place, in the order of the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/diagnostics.h"

namespace levada::agent {

struct Node {
  enum class Kind { string, integer, number, boolean, date, list, table };

  Kind kind = Kind::table;
  Location location;         // of the value
  std::string key;           // inside a table: its name,
  Location key_location;     // and where that stands
  std::string text;          // string: after substitution
  std::string written;       // string with a substitution: as it stands in the file; else empty
  bool substituted = false;  // the string was one substitution and nothing else
  bool missing = false;      // nothing could be found for a substitution, which was reported: there is no value
  int64_t integer = 0;       // integer; boolean: 0 or 1
  double number = 0;
  std::vector<Node> items;  // of a list or a table

  // The item of that key, or null.
  const Node* find(std::string_view name) const;
};

// "a string", "an integer", "a list", ... for messages.
const char* kind_name(Node::Kind kind);

// `path.key`, with quotes around a key that needs them in TOML.
std::string join_path(std::string_view path, std::string_view key);

// The text in quotes and with escapes, as TOML has it.
std::string quote(std::string_view text);

// The shortest text that reads back as the same number; always seen to be no integer.
std::string number_text(double number);

// A value as TOML on one line, a string with substitutions as the user wrote it. With
// `hide_secrets` the values of keys that by their name hold a secret ("sasl.password") are hidden.
std::string toml_text(const Node& node, bool hide_secrets);

// The value in effect as TOML, with what substitutions gave, secrets included: not to be printed.
std::string exact_text(const Node& node);

}  // namespace levada::agent

// Turns what a user wrote into values of the types that options have.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "agent/config/node.h"
#include "levada/plugin.h"

namespace levada::agent {

// The names in "rename|move|delete"; none of a null.
std::vector<std::string> split_choices(const char* choices);

// `"rename", "move" or "delete"`.
std::string one_of(const std::vector<std::string>& names);

// Owns what values point to; nothing in it ever moves.
class ValueMemory {
 public:
  levada_bytes keep(std::string text);
  const levada_value* keep(std::vector<levada_value> items);

 private:
  std::deque<std::string> texts_;
  std::deque<std::vector<levada_value>> lists_;
};

// Turns nodes into values of an option's type and reports what does not fit.
class ValueReader {
 public:
  ValueReader(ValueMemory& memory, Diagnostics& diagnostics) : memory_(memory), diagnostics_(diagnostics) {}

  // False if the node does not fit, which was reported; the value is then not set.
  bool read(const Node& node, const levada_option& option, const std::string& path, levada_value& value);

 private:
  bool read_scalar(const Node& node, const levada_option& option, const std::string& path, levada_value& value);
  bool read_strings(const Node& node, const levada_option& option, const std::string& path, levada_value& value);
  bool read_table(const Node& node, const std::string& path, levada_value& value);
  bool read_tree(const Node& node, const levada_option& option, const std::string& path, levada_value& value);
  bool read_tree_item(const Node& node, const levada_option& option, const std::string& path, levada_value& value);
  bool read_choice(const Node& node, const levada_option& option, const std::string& path, levada_value& value);
  bool refuse(const Node& node, const std::string& path, const std::string& message);

  ValueMemory& memory_;
  Diagnostics& diagnostics_;
};

}  // namespace levada::agent

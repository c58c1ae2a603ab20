// A set of patterns as a user declares it: what each is called, what it matches, and what it
// becomes in the rows.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "node.h"
#include "text/declared_column.h"

namespace levada::match_patterns {

// No set has more: each may have a column and a counter.
inline constexpr size_t kPatternsMax = 256;

// What the column of a pattern says: whether it occurs, how often, or what was found first.
enum class As { none, boolean, count, value };

struct Declaration {
  std::string name;
  std::string expression;
  As as = As::none;
  DeclaredColumn column;  // Its name and, for a value, its type.
  // Where the expression stands.
  std::string path;
  size_t offset = 0;
};

// A column that says which one of several patterns occurs, the first in their order.
struct FirstOf {
  std::string column;
  std::vector<size_t> patterns;     // Their numbers, in order.
  std::vector<std::string> labels;  // Of each, what the column says.
  std::optional<std::string> otherwise;
};

struct Declarations {
  std::vector<Declaration> patterns;
  std::vector<FirstOf> firsts;
};

// Reads `[patterns]` and `[first]`; the latter may be missing. `as` and `prefix` are for patterns
// that do not say otherwise; `names` is another column that is made, or empty. Gives what is wrong,
// if anything is.
std::optional<Fault> read_declarations(const Node& patterns, const Node& first, As as, const std::string& prefix,
                                       const std::string& names, Declarations& to);

}  // namespace levada::match_patterns

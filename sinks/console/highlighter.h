// Colors lines that match an expression, for people who watch a terminal.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "levada/result.h"

namespace re2 {
class RE2;
}

namespace levada::console {

class Highlighter {
 public:
  // Names of colors, each with an expression (RE2). The first that matches counts.
  static Result<Highlighter> create(const std::vector<std::pair<std::string, std::string>>& rules);

  // Appends the line, between the codes of its color where one matches.
  void append(std::string_view line, std::string& to) const;

 private:
  struct Rule {
    std::shared_ptr<const re2::RE2> pattern;
    std::string_view code;
  };
  std::vector<Rule> rules_;
};

}  // namespace levada::console

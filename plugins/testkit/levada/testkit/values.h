// The values of a component's options, from the same text that a user would write.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "levada/plugin.h"
#include "levada/result.h"

namespace levada::testkit {

class Values {
 public:
  // `text` has a line for each option, name = value, the value as in TOML and on one line; what it leaves out has its
  // default. Fails where an option is unknown, missing, or its value (or default) is not of its type.
  static Result<Values> parse(const levada_component& component, std::string_view text);

  const levada_value* data() const { return values_.data(); }
  size_t size() const { return values_.size(); }

 private:
  friend class ValueParser;
  std::vector<levada_value> values_;
  // What the values point to; a deque never moves what is in it.
  std::deque<std::string> texts_;
  std::deque<std::vector<levada_value>> lists_;
};

// Whether the text is a value of the option, and why not.
Done check_value(const levada_option& option, std::string_view text);

// The names in "rename|move|delete".
std::vector<std::string> choices_of(const levada_option& option);

}  // namespace levada::testkit

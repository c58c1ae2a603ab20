// The values of a component's options, from the same text that a user would write.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "levada/plugin.h"
#include "levada/result.h"
#include "levada/values.h"

namespace levada::testkit {

class Values {
 public:
  // `text` is a table of TOML; what it leaves out has its default. Fails where an option is
  // unknown, missing, or its value is not of its type. The component outlives the values.
  static Result<Values> parse(const levada_component& component, std::string_view text);

  const levada_value* data() const { return levada_values_data(read_.get()); }

 private:
  struct Free {
    void operator()(levada_values* values) const { levada_values_free(values); }
  };
  explicit Values(levada_values* read) : read_(read) {}

  std::unique_ptr<levada_values, Free> read_;
};

// Whether the text is a value of the option, and why not.
Done check_value(const levada_option& option, std::string_view text);

// The names in "rename|move|delete".
std::vector<std::string> choices_of(const levada_option& option);

}  // namespace levada::testkit

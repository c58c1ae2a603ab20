// Values are read as the agent reads them: by the library levada_values.
#include "levada/testkit/values.h"

#include <algorithm>

namespace levada::testkit {

Result<Values> Values::parse(const levada_component& component, std::string_view text) {
  levada_values* read = nullptr;
  levada_error error{};
  if (levada_values_from_toml(&component, text.data(), text.size(), &read, &error) != LEVADA_OK)
    return fatal(error.message);
  return Values(read);
}

Done check_value(const levada_option& option, std::string_view text) {
  levada_option alone = option;
  alone.name = "value";
  alone.flags = 0;
  alone.fallback = nullptr;
  levada_component component{};
  component.size = sizeof component;
  component.name = "default";
  component.options = &alone;
  component.option_count = 1;
  if (auto values = Values::parse(component, "value = " + std::string(text)); !values) return std::move(values).error();
  return {};
}

std::vector<std::string> choices_of(const levada_option& option) {
  std::vector<std::string> names;
  std::string_view rest = option.choices ? option.choices : "";
  while (!rest.empty()) {
    const auto bar = std::min(rest.find('|'), rest.size());
    names.emplace_back(rest.substr(0, bar));
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return names;
}

}  // namespace levada::testkit

// The options behind a command's verb: "--version", "3", "--dry-run".
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "levada/result.h"

namespace levada::delta {

class CommandOptions {
 public:
  // `valued` take the text behind them, `flags` do not. REJECT for what is neither.
  static Result<CommandOptions> parse(std::string_view verb, std::span<const std::string_view> arguments,
                                      std::initializer_list<std::string_view> valued,
                                      std::initializer_list<std::string_view> flags = {}) {
    CommandOptions options;
    for (size_t at = 0; at < arguments.size(); ++at) {
      const auto name = arguments[at];
      if (std::find(flags.begin(), flags.end(), name) != flags.end()) {
        options.given_.emplace_back(name, "");
        continue;
      }
      if (std::find(valued.begin(), valued.end(), name) == valued.end()) {
        std::string known;
        for (const auto& each : valued) known += " " + std::string(each) + " VALUE";
        for (const auto& each : flags) known += " " + std::string(each);
        return reject("there is no option \"" + std::string(name) + "\" of " + std::string(verb) + ", which has" +
                      (known.empty() ? " none" : known));
      }
      if (++at == arguments.size()) return reject("the option " + std::string(name) + " needs a value");
      options.given_.emplace_back(name, arguments[at]);
    }
    return options;
  }

  bool has(std::string_view name) const { return text(name).has_value(); }
  std::optional<std::string> text(std::string_view name) const {
    for (const auto& [each, value] : given_)
      if (each == name) return value;
    return std::nullopt;
  }
  std::vector<std::string> all(std::string_view name) const {
    std::vector<std::string> values;
    for (const auto& [each, value] : given_)
      if (each == name) values.push_back(value);
    return values;
  }
  Result<std::optional<int64_t>> whole(std::string_view name) const {
    const auto given = text(name);
    std::optional<int64_t> none;
    if (!given) return none;
    int64_t number = 0;
    const char* const end = given->data() + given->size();
    if (given->empty() || std::from_chars(given->data(), end, number).ptr != end || number < 0)
      return reject("the option " + std::string(name) + " needs a whole number, not \"" + *given + "\"");
    return std::optional(number);
  }

 private:
  std::vector<std::pair<std::string, std::string>> given_;
};

}  // namespace levada::delta

#include "highlighter.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>

namespace levada::console {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kColors = {{{"red", "\x1b[1;31m"},
                                                                                   {"green", "\x1b[32m"},
                                                                                   {"yellow", "\x1b[1;33m"},
                                                                                   {"blue", "\x1b[1;34m"},
                                                                                   {"magenta", "\x1b[1;35m"},
                                                                                   {"cyan", "\x1b[36m"},
                                                                                   {"bold", "\x1b[1m"}}};
constexpr std::string_view kEnd = "\x1b[0m";

}  // namespace

Result<Highlighter> Highlighter::create(const std::vector<std::pair<std::string, std::string>>& rules) {
  Highlighter made;
  for (const auto& [color, pattern] : rules) {
    const auto option = "highlight." + color;
    const auto known =
        std::find_if(kColors.begin(), kColors.end(), [&](const auto& each) { return each.first == color; });
    if (known == kColors.end()) return wrong(option, "is none of red, green, yellow, blue, magenta, cyan and bold");
    re2::RE2::Options options;
    options.set_log_errors(false);
    auto expression = std::make_shared<const re2::RE2>(pattern, options);
    if (!expression->ok()) return wrong(option, expression->error());
    made.rules_.push_back({std::move(expression), known->second});
  }
  return made;
}

void Highlighter::append(std::string_view line, std::string& to) const {
  for (const auto& rule : rules_)
    if (re2::RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), *rule.pattern)) {
      to.append(rule.code).append(line).append(kEnd);
      return;
    }
  to.append(line);
}

}  // namespace levada::console

// The names of the rules, as they come out.
#include "rules.h"

namespace levada::detect_bots {

std::string Rules::names(uint32_t rules) {
  std::string names;
  const auto add = [&](uint32_t rule, const char* name) {
    if (rules & rule) names += (names.empty() ? "" : "+") + std::string(name);
  };
  add(kRate, "rate");
  add(kClicks, "clicks");
  add(kCategories, "categories");
  return names;
}

}  // namespace levada::detect_bots

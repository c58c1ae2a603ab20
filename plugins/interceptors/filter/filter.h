// Keeps the rows that meet a condition; the others are dropped, or go to the dead letters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conditions/condition.h"
#include "levada/sdk.h"

namespace levada::filter {

class Filter : public Interceptor {
 public:
  enum class Others { drop, reject };
  struct Settings {
    std::optional<std::string> where = {};
    std::optional<std::string> pattern = {};
    bool invert = false;
    Others on_no_match = Others::drop;
  };
  static constexpr std::array options = {
      optional<&Settings::where>("where", nullptr, "A condition over columns that a row must meet: \"status >= 500\"."),
      optional<&Settings::pattern>("pattern", nullptr,
                                   "A regular expression (RE2) that must match a part of the body."),
      optional<&Settings::invert>("invert", "false", "Keeps the rows that do not meet it instead."),
      choice<&Settings::on_no_match>("on_no_match", "drop|reject", R"("drop")",
                                     "What becomes of the other rows: `reject` sends them to the dead letters."),
  };

  static Result<std::unique_ptr<Filter>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  Filter(conditions::ConditionPtr condition, Others others, std::string reason, Host host);

  conditions::ConditionPtr condition_;
  Others others_;
  std::string reason_;
  Counter filtered_;
  conditions::Remarks remarks_;
  conditions::Mask mask_;
  std::vector<int64_t> kept_;
};

}  // namespace levada::filter

// Adds columns that say the same in each row: which data centre, which team, which environment.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../constant_column.h"
#include "levada/sdk.h"

namespace levada::static_columns {

class Static : public Interceptor {
 public:
  struct Settings {
    std::vector<std::pair<std::string, std::string>> columns = {};
    bool overwrite = false;
  };
  static constexpr std::array options = {
      required<&Settings::columns>("columns", "The columns and their text: { dc = \"eu1\", team = \"web\" }."),
      optional<&Settings::overwrite>("overwrite", "false",
                                     "Puts the text also where a row has a value in that column."),
  };

  static Result<std::unique_ptr<Static>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  explicit Static(const Settings& settings);

  std::vector<ConstantColumn> columns_;
  bool overwrite_;
};

}  // namespace levada::static_columns

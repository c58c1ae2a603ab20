// Removes columns, or all but some.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "levada/sdk.h"

namespace levada::drop_columns {

class DropColumns : public Interceptor {
 public:
  struct Settings {
    std::vector<std::string> columns = {};
    std::vector<std::string> keep = {};
  };
  static constexpr std::array options = {
      optional<&Settings::columns>("columns", nullptr,
                                   "The columns to remove; * and ? stand for any characters: [\"debug\", \"tmp_*\"]."),
      optional<&Settings::keep>("keep", nullptr,
                                "The columns to keep, of which all others are removed; the same signs."),
  };

  static Result<std::unique_ptr<DropColumns>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  explicit DropColumns(Settings settings) : settings_(std::move(settings)) {}
  bool goes(const std::string& column) const;

  Settings settings_;
};

}  // namespace levada::drop_columns

// Adds a column that says how many rows of a row's key have come so far.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "count_table.h"
#include "levada/sdk.h"

namespace levada::count_by {

class CountBy : public StatefulInterceptor {
 public:
  struct Settings {
    std::vector<std::string> columns;
    std::string as = "count";
  };
  static constexpr std::array options = {
      required<&Settings::columns>("columns", "The columns that make up the key."),
      optional<&Settings::as>("as", R"("count")", "The column to add; one of that name is replaced."),
  };

  static Result<std::unique_ptr<CountBy>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;
  Done save(std::string& to) override;
  Done load(std::string_view state) override;

 private:
  explicit CountBy(Settings settings);

  const Settings settings_;
  const std::string state_head_;  // The format, and what the keys are made of.
  CountTable table_;
  std::vector<const Column*> columns_;  // Of the batch; null where it has none of that name.
  std::string key_;                     // Of the row.
};

}  // namespace levada::count_by

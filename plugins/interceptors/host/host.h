// Adds a column with the name or the address of the machine that the agent runs on.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "../constant_column.h"
#include "levada/sdk.h"

namespace levada::host {

class HostColumn : public Interceptor {
 public:
  struct Settings {
    std::string column = "host";
    bool use_ip = false;
    bool overwrite = false;
  };
  static constexpr std::array options = {
      optional<&Settings::column>("column", R"("host")", "The column to add."),
      optional<&Settings::use_ip>("use_ip", "false", "The machine's address instead of its name."),
      optional<&Settings::overwrite>("overwrite", "false", "Puts it also where a row has a value in that column."),
  };

  static Result<std::unique_ptr<HostColumn>> create(Settings settings, Host host);

  // Finds the name, which then stays the same until the agent is started again.
  Done open() override;
  Done intercept(Batch& batch) override;

 private:
  explicit HostColumn(Settings settings) : settings_(std::move(settings)) {}

  Settings settings_;
  std::optional<ConstantColumn> name_;
};

}  // namespace levada::host

// @NAME@: puts a prefix in front of each body.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "levada/sdk.h"

class @CLASS@ final : public levada::Interceptor {
 public:
  struct Settings {
    std::string prefix;
  };
  static constexpr std::array options = {
      levada::optional<&Settings::prefix>("prefix", R"("> ")", "What comes in front of each body."),
  };

  static levada::Result<std::unique_ptr<@CLASS@>> create(Settings settings, levada::Host host);

  levada::Done intercept(levada::Batch& batch) override;

 private:
  std::string prefix_;
};

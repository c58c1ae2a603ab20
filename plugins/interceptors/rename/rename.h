// Gives columns other names.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "levada/sdk.h"

namespace levada::rename {

class Rename : public Interceptor {
 public:
  struct Settings {
    std::vector<std::pair<std::string, std::string>> columns = {};
  };
  static constexpr std::array options = {
      required<&Settings::columns>("columns", "Old names and new ones: { ts = \"time\", msg = \"message\" }."),
  };

  static Result<std::unique_ptr<Rename>> create(Settings settings, Host host);

  Done intercept(Batch& batch) override;

 private:
  Rename(const Settings& settings, Host host);

  std::map<std::string, std::string, std::less<>> names_;
  Counter missing_;
};

}  // namespace levada::rename

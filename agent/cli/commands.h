// What the commands of the program do; each gives the exit code.
#pragma once

#include <string>

namespace levada::agent {

enum ExitCode { kOk = 0, kFailed = 1, kBadConfiguration = 2, kDeadLetters = 3 };

// kOk after SIGTERM, or when drained with nothing rejected; kDeadLetters when drained with rows in the dead letters.
int run_agent(const std::string& config, bool until_drained);
int check_configuration(const std::string& config);

struct PluginsRequest {
  std::string config, name, format = "text";
};
int show_plugins(const PluginsRequest& request);
int start_plugin(const std::string& kind, const std::string& name, const std::string& folder);

}  // namespace levada::agent

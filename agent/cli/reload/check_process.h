// Checks a configuration in a process of its own: plugins that crash or hang when they are loaded,
// or when their components are created, harm no agent that runs.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "agent/cli/exit_code.h"

namespace levada::agent {

struct ProcessCheck {
  // kOk or kBadConfiguration: what `levada check` says of it, and PluginTrials knows all plugin
  // files that it names. Nothing: the check came to no end, and why.
  std::optional<ExitCode> verdict;
  std::string failure;
};

// `is_stopping` is asked now and then whether to give up.
ProcessCheck check_in_process(const std::string& config, const std::function<bool()>& is_stopping);

// In that process: tells the agent what PluginTrials knows.
void tell_of_plugins();

}  // namespace levada::agent

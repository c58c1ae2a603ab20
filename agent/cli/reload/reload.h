// Reads the configuration again, and makes a running agent do what it says; or leaves it as it is,
// with the reason.
#pragma once

#include <string>

#include "agent/cli/reload/running_flows.h"

namespace levada::agent {

// By one thread at a time. PluginTrials of this process tries nothing any more.
ReloadAnswer reload(const std::string& config, RunningFlows& flows);

// The options of [agent] that are not what they were: those that a reload takes over come back, the
// others are findings.
std::vector<std::string> changed_options(const AgentConfig& running, const AgentConfig& wanted,
                                         Diagnostics& diagnostics);

}  // namespace levada::agent

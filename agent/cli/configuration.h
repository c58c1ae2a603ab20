// A configuration, read and checked, with the plugins that it uses.
#pragma once

#include <set>
#include <string>

#include "agent/config/topology.h"
#include "agent/plugin_host/registry.h"

namespace levada::agent {

struct Configuration {
  Registry registry;
  AgentConfig agent;
  Secrets secrets;
  Topology topology;
};

// Reads the files and loads the plugins. Findings go to the diagnostics; a plugin that was refused
// is one only where something of its name is asked for. Its secrets are not logged from then; its
// log level is not taken over.
Configuration load_beside(const std::string& path, Diagnostics& diagnostics);
// The same for a process that works with it: with its log level.
Configuration load_configuration(const std::string& path, Diagnostics& diagnostics);

// [agent] and the channels, for commands that only look at what an agent has stored. No plugin is
// loaded. What is wrong with other tables, or a credential that is not there, does not matter.
Configuration load_for_inspection(const std::string& path, Diagnostics& diagnostics);

// The sources, interceptors and sinks, as dead letters name them: "sinks.out".
std::set<std::string> component_paths(const Topology& topology);

// Says on stderr what was found, if anything was: the command ends with kBadConfiguration then.
bool refused(const Diagnostics& diagnostics);

}  // namespace levada::agent

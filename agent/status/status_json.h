// What the status page and the commands show of a running agent, as JSON.
#pragma once

#include <string>

#include "agent/status/health.h"
#include "agent/status/history.h"
#include "agent/status/process_usage.h"
#include "agent/status/topology_view.h"
#include "agent/status/watched.h"

namespace levada::agent {

// Sources, interceptors, channels, sinks, groups of them, and who gives rows to whom.
std::string topology_json(const TopologyView& view);
// Counters, rates and backlogs of all components, and what the process takes.
std::string status_json(const Watched& watched, const TopologyView& view, const History& history,
                        const ProcessUsage& usage, const Health& health);
// How many there are of this run, for which reasons, and the last ones.
std::string dead_letters_json(const Watched& watched, const TopologyView& view);
// Options of all tables, secrets hidden.
std::string configuration_json(const TopologyView& view);
std::string plugins_json(const TopologyView& view);

}  // namespace levada::agent

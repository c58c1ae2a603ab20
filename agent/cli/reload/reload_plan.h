// What a reload has to do: which flows go on, which end, and which start.
#pragma once

#include <string>
#include <vector>

#include "agent/config/flows.h"

namespace levada::agent {

struct ReloadPlan {
  std::vector<size_t> leaving;   // Flows that run and end, by their number.
  std::vector<size_t> entering;  // Flows that start, by their number in the new topology.
  // Tables by their paths ("sinks.out"): new ones, those that are gone, those that say something
  // else or are of another plugin file, those that start anew as they hang together with one that
  // changed, and those that go on.
  std::vector<std::string> added, removed, changed, restarted, kept;
  // Plugin files of the flows that start which no flow that runs is of.
  std::vector<std::string> plugins;

  bool is_empty() const { return leaving.empty() && entering.empty(); }
};

struct RunningTables {
  FlowTables tables;
  bool is_down = false;  // One of its components could not go on: it starts anew, changed or not.
};

// A flow of which nothing changed goes on.
ReloadPlan plan_reload(const std::vector<RunningTables>& running, const std::vector<FlowTables>& wanted);

// The file that a table's component is of; empty where it has none. See ComponentConfig::plugin.
std::string plugin_of(const std::string& table);

}  // namespace levada::agent

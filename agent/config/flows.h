// The parts of a topology that nothing connects with each other: each runs, and is replaced, by
// itself.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/config/topology.h"

namespace levada::agent {

// Sources, the channels that they write to, and what reads those, by their numbers in the topology.
struct Flow {
  std::vector<size_t> sources, channels, sinks, sink_groups;
};

// In the order of the first source of each. Of a topology without findings.
std::vector<Flow> flows_of(const Topology& topology);

// All of it as one flow.
Flow whole_of(const Topology& topology);

// What each table of a flow says, and those of the interceptors that it names, by the table's path
// ("sinks.out"): the values in effect, and the plugin's file. Two flows that are equal in it do the
// same. With secrets: not to be printed.
using FlowTables = std::map<std::string, std::string>;
FlowTables tables_of(const Topology& topology, const Flow& flow);

}  // namespace levada::agent

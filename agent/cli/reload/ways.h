// By which way rows come from a source to whoever reads its channels: where the source goes on is
// kept by the sink behind a memory channel, and by a file channel itself.
#pragma once

#include <string>
#include <vector>

#include "agent/config/topology.h"

namespace levada::agent {

// Reports a sink that would get the rows of a source by another way than now: what the new way
// knows of them may be nothing, or old, so rows would be lost or come again.
void check_ways(const Topology& running, const Topology& wanted, Diagnostics& diagnostics);

// Says of each source that goes on and whose readers are all new that they get what it still has.
std::vector<std::string> warn_of_new_readers(const Topology& running, const Topology& wanted);

}  // namespace levada::agent

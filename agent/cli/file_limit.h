// How many files the process may have open.
#pragma once

#include "agent/config/topology.h"

namespace levada::agent {

// Raises it as far as it may, and warns where that is not enough for the topology.
void raise_file_limit(const Topology& topology);

}  // namespace levada::agent

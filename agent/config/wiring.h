// Who reads and writes what: turns the names in a topology into indices and
// checks that nothing hangs loose.
#pragma once

#include "agent/config/topology.h"

namespace levada::agent {

void wire(Topology& topology, const Document& document, Diagnostics& diagnostics);

}  // namespace levada::agent

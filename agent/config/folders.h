// Components that would be in each other's way in the file system.
#pragma once

#include "agent/config/topology.h"

namespace levada::agent {

// Reports a sink that writes into a folder that a source reads, and two sources that read one folder. Which folders
// components use they say by LEVADA_READS_FOLDER and LEVADA_WRITES_FOLDER at their options. Only looks at the folders'
// names, and at what links among them lead to.
void check_folders(const Topology& topology, Diagnostics& diagnostics);

}  // namespace levada::agent

// The disks of the machine, as the service that components see.
#pragma once

#include "levada/plugin.h"

namespace levada::agent {

const levada_files* system_files();

}  // namespace levada::agent

// The clock of the machine, as the service that components see.
#pragma once

#include "levada/plugin.h"

namespace levada::agent {

const levada_clock* system_clock();

}  // namespace levada::agent

// Randomness from the operating system.
#pragma once

#include "levada/plugin.h"

namespace levada::agent {

const levada_random* system_random();

}  // namespace levada::agent

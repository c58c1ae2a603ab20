// The memory that rows lie in: counted against the agent's byte budget, and kept for the next batch when released.
#pragma once

#include <cstddef>

#include "levada/plugin.h"

namespace levada::agent {

const levada_memory* memory_pool();

// Bytes that are lent to components now.
size_t memory_in_use();

}  // namespace levada::agent

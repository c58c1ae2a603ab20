// Whether others could put another file in a plugin's place.
#pragma once

#include <sys/stat.h>

#include <string>

#include "levada/result.h"

namespace levada::agent {

// Refuses a file or folder that anyone but root and the agent's user may change: the path itself, each folder above it,
// and all that links on the way to it lead through. A folder above may have the sticky bit instead, as /tmp has.
Done check_writers(const std::string& path);

// The same of a file that is open, and of nothing above it: another may be at the path by now.
Done check_writers_of(const struct stat& open, const std::string& path);

}  // namespace levada::agent

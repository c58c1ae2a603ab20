// One plugin file: looked at, loaded, and asked for its components.
#pragma once

#include <string>

#include "levada/plugin.h"
#include "levada/result.h"

namespace levada::agent {

// Loads the file for good: nothing is ever unloaded. Refuses a file or folder that others may write
// to, a file that is no plugin, and one that was built for another major version of the contract;
// the message says what to do.
Result<const levada_plugin*> load_plugin(const std::string& path);

// Refuses a path that anyone but its owner and root may write to.
Done check_writers(const std::string& path);

}  // namespace levada::agent

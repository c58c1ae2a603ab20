// levada plugins new: a folder with a plugin that builds, passes its tests and loads.
#pragma once

#include <string>

#include "levada/result.h"

namespace levada::agent {

// Copies the template of that kind ("source", "interceptor" or "sink") into a folder that is not
// there yet or is empty. `name` is what configurations will call the component; it must be in
// snake_case. `in_c`: in C instead of C++, which there is for an interceptor only.
Done new_plugin(const std::string& kind, bool in_c, const std::string& name, const std::string& folder);

}  // namespace levada::agent

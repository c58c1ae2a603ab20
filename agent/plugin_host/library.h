// One plugin: loaded, and asked for its components.
#pragma once

#include <string>

#include "agent/plugin_host/plugin_image.h"
#include "levada/plugin.h"
#include "levada/result.h"

namespace levada::agent {

// Loads it for good: nothing is ever unloaded. Refuses what is no plugin, and what was built for
// another major version of the contract; the message says what to do.
Result<const levada_plugin*> load_plugin(PluginImage image);

}  // namespace levada::agent

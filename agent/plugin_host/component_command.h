// Commands that a component has beside its work: extensions of it that are a levada_commands.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/plugin_host/instance.h"

namespace levada::agent {

// Runs the command of the extension `id`, as LEVADA_TOPICS. FATAL where the component has none;
// REJECT: the arguments are at fault.
Done run_command(const Instance& instance, const char* id, const std::vector<std::string>& arguments,
                 const std::function<void(std::string_view)>& write);

}  // namespace levada::agent

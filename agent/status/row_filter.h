// The rows that meet a condition, for a look at them: by the interceptor `filter`, which is loaded
// when somebody first asks for it.
#pragma once

#include <string>
#include <vector>

#include "agent/observe/tap.h"
#include "agent/plugin_host/context.h"

namespace levada::agent {

// Loads it in a child process first, as long as this one has a single thread.
void try_row_filter(const std::vector<std::string>& plugin_dirs);

// Fails where there is no such interceptor, or the condition is wrong: with its words. The services
// must outlive the filter.
Result<Taps::Filter> make_row_filter(const std::string& condition, const std::vector<std::string>& plugin_dirs,
                                     const Services& services, const std::string& data_dir);

}  // namespace levada::agent

// Tries out plugins in a child process, where a crash or an endless loop harms nobody.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace levada::agent {

// Calls `attempt` with 0 to count - 1 in a child process, and gives its answers; where the process
// ended instead, or did not answer for so long, the answer says that. Empty ones: no process could
// be made. Only where this process has one thread.
std::vector<std::string> try_in_child(size_t count, const std::function<std::string(size_t)>& attempt,
                                      std::chrono::milliseconds patience);

}  // namespace levada::agent

// Tries out plugins in a child process, where a crash or an endless loop harms nobody.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace levada::agent {

// Calls `attempt` with 0 to count - 1 in a child process; it gives why that one must not be used,
// or nothing. What the process says by its end, or by not answering for so long, is a reason, too.
// Only where the process has one thread.
std::vector<std::string> try_in_child(size_t count, const std::function<std::string(size_t)>& attempt,
                                      std::chrono::milliseconds patience);

}  // namespace levada::agent

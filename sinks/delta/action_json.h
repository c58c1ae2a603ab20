// Actions as the JSON commits of a log hold them: one object a line.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "actions.h"
#include "levada/result.h"

namespace levada::delta {

// Adds the action as a line with its end.
void append_line(std::string& to, const Action& action);

// Gives the actions of these kinds in a commit, in order; actions that are not known are passed
// over. `name`: the file, for messages. An error of `visit` ends it.
Done read_actions(std::string_view content, const std::string& name, unsigned kinds,
                  const std::function<Done(Action&)>& visit);

}  // namespace levada::delta

// What has come of the things that sources bring from elsewhere, as they said last: see
// levada/outcomes.h. Of the process, as its log is.
#pragma once

#include <string>
#include <vector>

#include "levada/outcomes.h"

namespace levada::agent {

// Both from any thread.
void show_outcomes(const std::string& source, std::vector<OutcomeItem> items);
std::vector<OutcomeItem> outcomes_of(const std::string& source);

// What an instance says by its extension, null where it has none. By the thread that polls it.
std::vector<OutcomeItem> ask_for_outcomes(const levada_outcomes* table, void* instance);

}  // namespace levada::agent

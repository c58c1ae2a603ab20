// The folder of an agent belongs to one process at a time.
#pragma once

#include <string>

#include "levada/result.h"

namespace levada::agent {

// Two agents on one data folder would overwrite each other's positions. Held until the process ends.
Done lock_data_dir(const std::string& data_dir);

// Fails where no agent has ever run on it, so that there is nothing to look at.
Done check_used(const std::string& data_dir);

}  // namespace levada::agent

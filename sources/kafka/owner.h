// The id of this agent, by which it tells its own commits to a group from those of others.
#pragma once

#include <string>

#include "levada/host.h"

namespace levada::kafka_source {

// The one in the instance's data folder; made, and durable, at the first call.
Result<std::string> owner_of(const Host& host);

}  // namespace levada::kafka_source

// The metrics of an agent as Prometheus reads them.
#pragma once

#include <string>

#include "agent/status/process_usage.h"
#include "agent/status/topology_view.h"
#include "agent/status/watched.h"

namespace levada::agent {

// Text format 0.0.4. Labels say of which component a value is, and never come from data, but for
// the reason of rejected rows, of which there are few: see reason_label.
std::string metrics_text(const Watched& watched, const TopologyView& view, const ProcessUsage& usage);

// A reason without what may be of the data: quotations, numbers, and what is not ASCII.
std::string reason_label(std::string_view reason);

}  // namespace levada::agent

// The payload of a record as a batch in flight: its columns point into the
// buffer that it was read into.
#pragma once

#include <optional>

#include "agent/channels/file/format.h"
#include "agent/flow/in_flight.h"

namespace levada::agent {

// A batch as its source gave it: stream, position and `end` are the source's. Nothing where the
// payload does not make sense.
std::optional<InFlight> decode_record(const Buffer& payload, const RecordHeader& header);

}  // namespace levada::agent

// The payload of a record as a delivery: its columns point into the buffer that it was read into.
#pragma once

#include <optional>

#include "agent/channels/file/format.h"
#include "agent/pipeline/delivery.h"

namespace levada::agent {

// A delivery as its source gave it: stream, position and `end` are the source's. Nothing where the payload does not
// make sense.
std::optional<Delivery> decode_record(const Buffer& payload, const RecordHeader& header);

}  // namespace levada::agent

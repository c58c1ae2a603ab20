// Which tables levada reads and writes, by their protocol and by what their metadata uses.
#pragma once

#include "levada/result.h"
#include "snapshot.h"
#include "table_schema.h"

namespace levada::delta {

// FATAL with the feature's name where levada must not write to the table, or cannot read it.
Done check_writable(const Snapshot& snapshot);
Done check_readable(const Snapshot& snapshot);

// What a new table with this schema needs.
Protocol protocol_for(const TableSchema& schema);

}  // namespace levada::delta

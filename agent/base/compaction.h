// Batches that hold on to no more memory than their rows need.
#pragma once

#include <cstddef>

#include "levada/batch.h"

namespace levada::agent {

// Bytes of memory that the batch holds on to: whole buffers, each of them once.
size_t held_bytes(const Batch& batch);

// The batch as it is, or with copies of what its rows use where it holds on to more than twice of
// that: blocks of text of which rows were dropped, dictionaries with words that nobody uses, slices
// of larger arrays. Text that columns share stays shared. Before a batch is parked where it may
// wait for long, or is written down.
Batch compacted(Batch batch);

}  // namespace levada::agent

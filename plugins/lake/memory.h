// Where Arrow gets memory from. For files that include Arrow anyway.
#pragma once

#include <arrow/memory_pool.h>

namespace levada::lake {

// Malloc. Arrow's default pool has huge pages, and each size of block has some for itself: that
// takes more memory, and clearing it costs more than malloc does.
inline arrow::MemoryPool* memory_pool() { return arrow::system_memory_pool(); }

}  // namespace levada::lake

// CRC32C (Castagnoli), by the processor's instruction where it has one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace levada::agent {

// Of `bytes` behind those that `crc` is of; 0 is that of nothing.
uint32_t crc32c(uint32_t crc, const void* data, size_t bytes);

namespace detail {
// Without the instruction, for machines that lack it.
uint32_t crc32c_portable(uint32_t crc, const void* data, size_t bytes);
}  // namespace detail

}  // namespace levada::agent

// Points in time out of numbers and texts as logs and JSON have them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace levada::timestamp {

enum class Format { detect, rfc3339, epoch_s, epoch_ms, epoch_us, epoch_ns };

// Microseconds since 1970 UTC; nothing where it is no time, or one that a timestamp cannot hold.
// `detect` tells the unit of a number by its size, which is right from 1973 to 5138, and takes text
// for a number before RFC 3339.
std::optional<int64_t> microseconds(int64_t number, Format format);
std::optional<int64_t> microseconds(double number, Format format);
std::optional<int64_t> microseconds(std::string_view text, Format format);

}  // namespace levada::timestamp

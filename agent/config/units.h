// Durations and sizes as a user writes them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace levada::agent {

// "250ms", "5s", "10m", "2h", "1d" in nanoseconds; nothing if it is none or longer than 36500d.
std::optional<int64_t> parse_duration(std::string_view text);

// "64KiB", "16MiB", "2GiB", "1TiB" in bytes; nothing if it is none or too large to
// count. A bare number is none.
std::optional<int64_t> parse_size(std::string_view text);

// A whole number in decimal, with nothing around it.
std::optional<int64_t> parse_integer(std::string_view text);

}  // namespace levada::agent

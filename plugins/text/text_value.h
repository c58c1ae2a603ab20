// Values out of texts, each read in full or not at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace levada {

enum class TimeUnit { none, seconds, milliseconds, microseconds, nanoseconds };

// A whole number, however it is written: 3, +3, 3.0, 3e2. Nothing for one with a fraction, or that
// 64 bits cannot hold.
std::optional<int64_t> read_int64(std::string_view text);
// A number as JSON writes it, with + before it too; and nan, inf, -inf.
std::optional<double> read_float64(std::string_view text);
// true, false, t, f, yes, no, y, n, on, off, 1, 0, in letters of any case.
std::optional<bool> read_boolean(std::string_view text);
// Microseconds since 1970 UTC: a time as in RFC 3339, and with a unit also a number since 1970.
std::optional<int64_t> read_timestamp(std::string_view text, TimeUnit unit);

// A number since 1970 as microseconds; nothing where these do not fit.
std::optional<int64_t> to_microseconds(int64_t number, TimeUnit unit);

}  // namespace levada

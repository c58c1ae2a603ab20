// Values as PostgreSQL's binary formats have them, out of texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace levada::postgres_sink {

// Appends the value of a numeric, "-12.50", "3e2", "NaN", "Infinity"; false, and nothing appended,
// where the text is no number or has more digits than a numeric can hold.
bool append_numeric(std::string_view text, std::string& to);

// Appends the 16 bytes of a UUID, written with hyphens or without, in braces or not.
bool append_uuid(std::string_view text, std::string& to);

// Appends an address with or without the length of its network, "10.0.0.7", "2001:db8::/32".
// `is_network`: for a cidr, which has no bits behind its length.
bool append_address(std::string_view text, bool is_network, std::string& to);

// Days since 1970 of "2026-01-31", or of a whole point in time, by UTC.
std::optional<int64_t> days_of(std::string_view text);

}  // namespace levada::postgres_sink

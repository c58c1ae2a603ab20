// Small pieces of JSON text: escapes, numbers and UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace levada {

// The value of the four hexadecimal digits that `text` begins with.
std::optional<uint32_t> hex4(std::string_view text);

// The double next to a JSON number, 0 for those that are too small for one; nothing where
// it is too large, or no number.
std::optional<double> parse_double(std::string_view number);

// Bytes of the UTF-8 character that `text` begins with; 0 where there is none.
size_t utf8_size(std::string_view text);
// Whether all of it is UTF-8.
bool is_utf8(std::string_view text);

// Adds the content of a JSON string (between its quotes) to `out`, its escapes
// resolved; false where one is invalid.
bool unescape(std::string_view content, std::string& out);

// Writes the escape of a control character, a quote or a backslash: up to 6 bytes. Gives how many.
size_t write_escape(char c, char* to);

}  // namespace levada

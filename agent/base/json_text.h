// Text as JSON, for what the agent itself writes: dead letters and reports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace levada::agent {

bool is_utf8(std::string_view text);
// Bytes that a text of that size needs room for.
constexpr size_t json_text_bound(size_t size) { return 6 * size + 18; }
// In quotes, escaped; gives the end. The text must be UTF-8.
char* write_json_text(std::string_view text, char* to);
void append_json_text(std::string& to, std::string_view text);
// In quotes; gives the end. Needs no more room than json_text_bound says.
char* write_base64(std::string_view bytes, char* to);
// "2026-11-22T13:05:00.123Z"; outside of the years 0 to 9999 the number.
void append_time(std::string& to, int64_t microseconds_since_1970);

}  // namespace levada::agent

// Text as JSON, for what the agent itself writes: dead letters and reports.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace levada::agent {

bool is_utf8(std::string_view text);
// In quotes, escaped. The text must be UTF-8.
void append_json_text(std::string& to, std::string_view text);
// In quotes.
void append_base64(std::string& to, std::string_view bytes);
// "2026-11-22T13:05:00.123Z"
void append_time(std::string& to, int64_t nanoseconds_since_1970);

}  // namespace levada::agent

// File names, written so that no byte of them is lost.
#include "rows/file_name.h"

#include <simdjson.h>

#include <charconv>

namespace levada::rows {

namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace

std::string to_text(std::string_view name) {
  const bool utf8 = is_utf8(name);
  std::string text;
  for (const char each : name) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte < 0x20 || each == '"' || each == '\\' || each == '%' || byte == 0x7f || (byte >= 0x80 && !utf8))
      text += {'%', kHex[byte >> 4], kHex[byte & 15]};
    else text += each;
  }
  return text;
}

std::string from_text(std::string_view text) {
  std::string name;
  for (size_t at = 0; at < text.size(); ++at) {
    unsigned char byte = 0;
    if (text[at] == '%' && at + 2 < text.size() &&
        std::from_chars(text.data() + at + 1, text.data() + at + 3, byte, 16).ptr == text.data() + at + 3) {
      name += static_cast<char>(byte);
      at += 2;
    } else {
      name += text[at];
    }
  }
  return name;
}

std::string to_display(const std::string& name) { return is_utf8(name) ? name : to_text(name); }

}  // namespace levada::rows

// Text in files of lines with tabs between: what would break a line is written as %09.
#pragma once

#include <charconv>
#include <string>
#include <string_view>
#include <vector>

namespace levada::agent {

// Control characters and percent signs as two hexadecimal digits behind a percent sign.
inline void append_escaped(std::string& to, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != '%') {
      to += c;
      continue;
    }
    to += '%';
    to += kHex[(c >> 4) & 15];
    to += kHex[c & 15];
  }
}

inline std::string unescaped(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    unsigned code = 0;
    const char* digits = text.data() + at + 1;
    if (text[at] == '%' && at + 2 < text.size() && std::from_chars(digits, digits + 2, code, 16).ptr == digits + 2) {
      plain += static_cast<char>(code);
      at += 2;
    } else {
      plain += text[at];
    }
  }
  return plain;
}

// The parts of a line between its tabs.
inline std::vector<std::string_view> tab_separated(std::string_view line) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto tab = line.find('\t');
    parts.push_back(line.substr(0, tab));
    if (tab == std::string_view::npos) return parts;
    line.remove_prefix(tab + 1);
  }
}

}  // namespace levada::agent

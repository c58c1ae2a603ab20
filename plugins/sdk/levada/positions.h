// Positions as lines of text, for whoever keeps them in a file or a table; and what such lines are
// made of.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "levada/sdk.h"

namespace levada {

// What would break a line, control characters and percent signs, as two hexadecimal digits behind a
// percent sign.
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

// "1234<tab>clicks/3<tab>{...}", without the line's end: rows before it, stream, position.
inline void append_position(std::string& to, const Position& position) {
  to += std::to_string(position.sequence) + '\t';
  append_escaped(to, position.stream);
  to += '\t';
  append_escaped(to, position.position);
}

// Nothing where the line is damaged.
inline std::optional<Position> read_position(std::string_view line) {
  const auto parts = tab_separated(line);
  Position position;
  if (parts.size() != 3 || parts[0].empty()) return std::nullopt;
  const char* const end = parts[0].data() + parts[0].size();
  if (std::from_chars(parts[0].data(), end, position.sequence).ptr != end) return std::nullopt;
  position.stream = unescaped(parts[1]);
  position.position = unescaped(parts[2]);
  return position;
}

}  // namespace levada

// Commands as Redis reads them: an array of texts, each with its size before it.
#pragma once

#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace levada::redis {

inline void append_size(char kind, size_t size, std::string& to) {
  char text[24];
  text[0] = kind;
  char* end = std::to_chars(text + 1, text + sizeof text - 2, size).ptr;
  *end++ = '\r';
  *end++ = '\n';
  to.append(text, end);
}

// So many texts follow.
inline void begin_command(size_t texts, std::string& to) { append_size('*', texts, to); }

inline void append_text(std::string_view text, std::string& to) {
  append_size('$', text.size(), to);
  to += text;
  to += "\r\n";
}

inline void append_command(std::initializer_list<std::string_view> texts, std::string& to) {
  begin_command(texts.size(), to);
  for (const auto text : texts) append_text(text, to);
}

}  // namespace levada::redis

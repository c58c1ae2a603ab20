// Numbers as people and files write them.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace levada::agent {

// 1234567 as 1,234,567.
inline std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  const size_t first = text.starts_with('-') ? 1 : 0;
  for (size_t at = text.size(); at > first + 3;) text.insert(at -= 3, 1, ',');
  return text;
}

// False where the text is anything but a number of that type.
template <class Number>
bool read_number(std::string_view text, Number& to) {
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, to);
  return read.ec == std::errc() && read.ptr == end;
}

}  // namespace levada::agent

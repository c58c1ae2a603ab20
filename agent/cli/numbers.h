// Numbers as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace levada::agent {

// 1234567 as 1,234,567.
inline std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  const size_t first = text.starts_with('-') ? 1 : 0;
  for (size_t at = text.size(); at > first + 3;) text.insert(at -= 3, 1, ',');
  return text;
}

}  // namespace levada::agent

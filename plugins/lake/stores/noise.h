// Content of files, for tests.
#pragma once

#include <cstdint>
#include <string>

namespace levada::lake {

// Bytes that look like none of their neighbours, the same for a seed each time.
inline std::string noise(size_t bytes, uint64_t seed) {
  std::string text(bytes, '\0');
  uint64_t state = seed * 0x9E3779B97F4A7C15 + 1;
  for (auto& c : text) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    c = static_cast<char>(state >> 32);
  }
  return text;
}

}  // namespace levada::lake

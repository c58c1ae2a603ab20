// Text, eight bytes at once: a number of 64 bits for them, and one with the highest bit of each
// byte that is looked for.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace levada {

inline constexpr uint64_t kEachByte = 0x0101010101010101;
inline constexpr uint64_t kHighBits = 0x80 * kEachByte;

// The highest bit of each byte that is `c`. What it says of bytes from 0x80 on, and of such behind
// one that is found, means nothing.
constexpr uint64_t bytes_that_are(char c, uint64_t bytes) {
  return (bytes ^ static_cast<unsigned char>(c) * kEachByte) - kEachByte;
}

// Where the first byte is that `find` has the highest bit of, from `at` on; or where less than
// eight bytes are left, and none was found before.
template <class Find>
size_t find_in_eights(std::string_view text, size_t at, Find find) {
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t bytes;
    std::memcpy(&bytes, text.data() + at, 8);
    if (const uint64_t found = find(bytes) & kHighBits) return at + static_cast<size_t>(std::countr_zero(found)) / 8;
  }
  return at;
}

}  // namespace levada

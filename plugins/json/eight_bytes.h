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

// Whether all eight are digits, and the number that they are, the first of them in the lowest byte.
constexpr bool are_digits(uint64_t bytes) {
  constexpr uint64_t kUpper = 0xf0 * kEachByte;
  return ((bytes & kUpper) | (((bytes + 0x06 * kEachByte) & kUpper) >> 4)) == 0x33 * kEachByte;
}
constexpr uint64_t number_of_digits(uint64_t bytes) {
  // Pairs, then fours, then all, each time in the upper half of what they were made of.
  bytes = (bytes & 0x0f * kEachByte) * (1 + (10 << 8)) >> 8;
  bytes = (bytes & 0x00ff00ff00ff00ff) * (1 + (100 << 16)) >> 16;
  return (bytes & 0x0000ffff0000ffff) * (1 + (uint64_t{10'000} << 32)) >> 32;
}

// The last `count` bytes before `end`, 1 to 8, with zeros before them; eight may be read there.
inline uint64_t bytes_with_zeros(const char* end, size_t count) {
  uint64_t bytes;
  std::memcpy(&bytes, end - 8, 8);
  const uint64_t others = ~uint64_t{0} >> 1 >> (8 * count - 1);
  return (bytes & ~others) | (('0' * kEachByte) & others);
}
// Whether a text of 1 to 16 bytes is all digits, and the number that they are; eight bytes before
// it may be read. Numbers of any size take the same way, so that the processor need not guess it.
inline bool read_digits(std::string_view text, uint64_t& number) {
  const char* end = text.data() + text.size();
  const bool is_long = text.size() > 8;
  const auto low = bytes_with_zeros(end, is_long ? 8 : text.size());
  const auto high = is_long ? bytes_with_zeros(end - 8, text.size() - 8) : '0' * kEachByte;
  number = number_of_digits(high) * 100'000'000 + number_of_digits(low);
  return are_digits(low) && are_digits(high);
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

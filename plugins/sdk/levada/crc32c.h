// CRC32C (Castagnoli), by the processor's instruction where it has one.
//
// The instruction takes three cycles and can start one each cycle: three blocks that lie behind each
// other are summed at once, and their sums joined by tables that say what a block of zeros makes of a
// sum.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#define LEVADA_CRC32C_TARGET __attribute__((target("sse4.2")))
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#define LEVADA_CRC32C_TARGET
#endif

namespace levada {
namespace detail {

inline uint64_t load_word(const char* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

inline constexpr auto kCrc32cTable = [] {
  constexpr uint32_t kPolynomial = 0x82f63b78;  // Bits reversed.
  std::array<std::array<uint32_t, 256>, 8> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? kPolynomial : 0);
    table[0][byte] = crc;
  }
  for (size_t at = 1; at < 8; ++at)
    for (size_t byte = 0; byte < 256; ++byte)
      table[at][byte] = table[at - 1][byte] >> 8 ^ table[0][table[at - 1][byte] & 255];
  return table;
}();

// Without the instruction, for machines that lack it.
inline uint32_t crc32c_portable(uint32_t crc, const void* from, size_t bytes) {
  const auto* data = static_cast<const char*>(from);
  uint32_t sum = ~crc;
  for (; bytes >= 8; bytes -= 8, data += 8) {
    const uint64_t word = load_word(data) ^ sum;
    sum = 0;
    for (size_t at = 0; at < 8; ++at) sum ^= kCrc32cTable[7 - at][word >> (8 * at) & 255];
  }
  for (; bytes > 0; --bytes) sum = sum >> 8 ^ kCrc32cTable[0][(sum ^ static_cast<uint8_t>(*data++)) & 255];
  return ~sum;
}

#ifdef LEVADA_CRC32C_TARGET

#if defined(__x86_64__)
LEVADA_CRC32C_TARGET inline uint64_t crc32c_word(uint64_t sum, uint64_t word) {
  return __builtin_ia32_crc32di(sum, word);
}
LEVADA_CRC32C_TARGET inline uint32_t crc32c_byte(uint32_t sum, uint8_t byte) {
  return __builtin_ia32_crc32qi(sum, byte);
}
inline bool has_crc32c_instruction() { return __builtin_cpu_supports("sse4.2"); }
#else
inline uint64_t crc32c_word(uint64_t sum, uint64_t word) { return __crc32cd(static_cast<uint32_t>(sum), word); }
inline uint32_t crc32c_byte(uint32_t sum, uint8_t byte) { return __crc32cb(sum, byte); }
inline bool has_crc32c_instruction() { return true; }
#endif

// What `bytes` zeros make of any sum: by each of its four bytes.
struct Crc32cShift {
  uint32_t by_byte[4][256];

  LEVADA_CRC32C_TARGET explicit Crc32cShift(size_t bytes) : by_byte{} {
    for (size_t lane = 0; lane < 4; ++lane)
      for (uint32_t bit = 0; bit < 8; ++bit) {
        uint64_t sum = uint64_t{1} << (8 * lane + bit);
        for (size_t at = 0; at < bytes; at += 8) sum = crc32c_word(sum, 0);
        for (uint32_t byte = 0; byte < 256; ++byte)
          if (byte >> bit & 1) by_byte[lane][byte] ^= static_cast<uint32_t>(sum);
      }
  }
  uint64_t operator()(uint64_t sum) const {
    return by_byte[0][sum & 255] ^ by_byte[1][sum >> 8 & 255] ^ by_byte[2][sum >> 16 & 255] ^
           by_byte[3][sum >> 24 & 255];
  }
};

template <size_t block>
LEVADA_CRC32C_TARGET inline uint64_t crc32c_three_at_once(uint64_t sum, const char*& data, size_t& bytes,
                                                          const Crc32cShift& shift) {
  while (bytes >= 3 * block) {
    uint64_t second = 0, third = 0;
    for (const char* const end = data + block; data < end; data += 8) {
      sum = crc32c_word(sum, load_word(data));
      second = crc32c_word(second, load_word(data + block));
      third = crc32c_word(third, load_word(data + 2 * block));
    }
    sum = shift(shift(sum) ^ second) ^ third;
    data += 2 * block;
    bytes -= 3 * block;
  }
  return sum;
}

LEVADA_CRC32C_TARGET inline uint32_t crc32c_by_instruction(uint32_t crc, const char* data, size_t bytes) {
  constexpr size_t kLong = 4096, kShort = 256;
  static const Crc32cShift long_shift(kLong), short_shift(kShort);
  uint64_t sum = ~crc;
  sum = crc32c_three_at_once<kLong>(sum, data, bytes, long_shift);
  sum = crc32c_three_at_once<kShort>(sum, data, bytes, short_shift);
  for (; bytes >= 8; bytes -= 8, data += 8) sum = crc32c_word(sum, load_word(data));
  for (; bytes > 0; --bytes) sum = crc32c_byte(static_cast<uint32_t>(sum), static_cast<uint8_t>(*data++));
  return ~static_cast<uint32_t>(sum);
}

#endif

}  // namespace detail

// Of `bytes` behind those that `crc` is of; 0 is that of nothing.
inline uint32_t crc32c(uint32_t crc, const void* data, size_t bytes) {
#ifdef LEVADA_CRC32C_TARGET
  static const bool by_processor = detail::has_crc32c_instruction();
  if (by_processor) return detail::crc32c_by_instruction(crc, static_cast<const char*>(data), bytes);
#endif
  return detail::crc32c_portable(crc, data, bytes);
}

}  // namespace levada

#undef LEVADA_CRC32C_TARGET

// Text, sixteen bytes at once, in whatever registers the processor has for it.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace levada {

using Block = unsigned char __attribute__((vector_size(16)));

template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
template <class Word>
void store(Word word, char* to) {
  std::memcpy(to, &word, sizeof word);
}

inline bool any(Block block) {
  using Halves = uint64_t __attribute__((vector_size(16)));
  const auto halves = reinterpret_cast<Halves>(block);
  return (halves[0] | halves[1]) != 0;
}

// The bytes that a JSON string cannot have as they are: 0xff for each, 0 for others.
inline Block to_escape(Block block) {
  return reinterpret_cast<Block>((block < 0x20) | (block == '"') | (block == '\\'));
}

// A bit for each byte: its highest one, that of the first byte in the lowest place.
inline unsigned high_bits(Block block) {
#ifdef __SSE2__
  return static_cast<unsigned>(_mm_movemask_epi8(reinterpret_cast<__m128i>(block)));
#else
  const auto gathered = [](uint64_t bytes) {
    return static_cast<unsigned>((((bytes >> 7) & 0x0101010101010101) * 0x0102040810204080) >> 56);
  };
  using Halves = uint64_t __attribute__((vector_size(16)));
  const auto halves = reinterpret_cast<Halves>(block);
  return gathered(halves[0]) | gathered(halves[1]) << 8;
#endif
}

}  // namespace levada

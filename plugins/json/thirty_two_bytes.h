// What a search through JSON asks of 32 bytes at once: in two registers of 16, or in one of 32
// where the processor has such, which is known when the program runs.
#pragma once

#include "json/sixteen_bytes.h"

#ifdef __x86_64__
#include <immintrin.h>
// Functions with this attribute run where has_wide_registers() only.
#define LEVADA_WIDE_TARGET "avx2"
#endif

namespace levada {

struct InSixteens {
  // Whether the bits that `kept` has set are the same in both.
  static bool are_alike(const char* a, const char* b, const char* kept) {
    const auto differing = [&](size_t at) {
      return (load<Block>(a + at) ^ load<Block>(b + at)) & load<Block>(kept + at);
    };
    return !any(differing(0) | differing(16));
  }
  // A bit for each byte that stops a search for the quote that closes a string: besides it
  // backslashes, control characters, and what is outside of ASCII and so less than 0 as a char.
  static uint32_t stops(const char* at) { return stops_of_sixteen(at) | stops_of_sixteen(at + 16) << 16; }

 private:
  static uint32_t stops_of_sixteen(const char* at) {
    using Chars = signed char __attribute__((vector_size(16)));
    const auto chars = load<Chars>(at);
    return high_bits(reinterpret_cast<Block>((chars < 0x20) | (chars == '"') | (chars == '\\')));
  }
};

#ifdef LEVADA_WIDE_TARGET

inline bool has_wide_registers() {
  static const bool has = __builtin_cpu_supports(LEVADA_WIDE_TARGET);
  return has;
}

// As InSixteens.
struct InWide {
  [[gnu::target(LEVADA_WIDE_TARGET)]] static bool are_alike(const char* a, const char* b, const char* kept) {
    return _mm256_testz_si256(_mm256_xor_si256(wide(a), wide(b)), wide(kept)) != 0;
  }
  [[gnu::target(LEVADA_WIDE_TARGET)]] static uint32_t stops(const char* at) {
    const auto chars = wide(at);
    const auto found = _mm256_or_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(0x20), chars),
                                       _mm256_or_si256(_mm256_cmpeq_epi8(chars, _mm256_set1_epi8('"')),
                                                       _mm256_cmpeq_epi8(chars, _mm256_set1_epi8('\\'))));
    return static_cast<uint32_t>(_mm256_movemask_epi8(found));
  }

 private:
  [[gnu::target(LEVADA_WIDE_TARGET)]] static __m256i wide(const char* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
};

#else

inline bool has_wide_registers() { return false; }
using InWide = InSixteens;

#endif

}  // namespace levada

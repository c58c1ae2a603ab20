#include "agent/base/json_text.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "levada/time.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace levada::agent {

bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at < end) {
    uint64_t eight;
    if (end - at >= 8 && (std::memcpy(&eight, at, 8), (eight & 0x8080808080808080u) == 0)) {
      at += 8;
      continue;
    }
    if (*at < 0x80) {
      ++at;
      continue;
    }
    const int more = (*at >= 0xc2 && *at <= 0xdf) ? 1 : (*at & 0xf0) == 0xe0 ? 2 : (*at >= 0xf0 && *at <= 0xf4) ? 3 : 0;
    if (more == 0 || end - at <= more) return false;
    const unsigned char second = at[1];
    // Overlong forms, surrogates, and what lies beyond U+10FFFF.
    if ((*at == 0xe0 && second < 0xa0) || (*at == 0xed && second > 0x9f) || (*at == 0xf0 && second < 0x90) ||
        (*at == 0xf4 && second > 0x8f))
      return false;
    for (int k = 1; k <= more; ++k)
      if ((at[k] & 0xc0) != 0x80) return false;
    at += more + 1;
  }
  return true;
}

namespace {

bool is_special(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

// How many bytes come before one that must be escaped; `to` gets them, and may get up to 15 bytes behind them.
size_t copy_plain(const char* from, size_t size, char* to) {
  size_t done = 0;
#ifdef __SSE2__
  for (; size - done >= 16; done += 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + done));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + done), block);
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    const __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    const __m128i backslash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash))));
    if (found) return done + static_cast<size_t>(std::countr_zero(found));
  }
#endif
  for (; done < size && !is_special(from[done]); ++done) to[done] = from[done];
  return done;
}

}  // namespace

char* write_json_text(std::string_view text, char* out) {
  constexpr char kHex[] = "0123456789abcdef";
  *out++ = '"';
  for (size_t at = 0;;) {
    const size_t plain = copy_plain(text.data() + at, text.size() - at, out);
    at += plain;
    out += plain;
    if (at == text.size()) break;
    const auto c = static_cast<unsigned char>(text[at++]);
    *out++ = '\\';
    if (c == '"' || c == '\\') {
      *out++ = static_cast<char>(c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      *out++ = c == '\n' ? 'n' : c == '\r' ? 'r' : 't';
    } else {
      out = std::copy_n("u00", 3, out);
      *out++ = kHex[c >> 4];
      *out++ = kHex[c & 15];
    }
  }
  *out++ = '"';
  return out;
}

void append_json_text(std::string& to, std::string_view text) {
  const size_t used = to.size();
  to.resize(used + json_text_bound(text.size()));
  to.resize(static_cast<size_t>(write_json_text(text, to.data() + used) - to.data()));
}

char* write_base64(std::string_view bytes, char* to) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  *to++ = '"';
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t left = bytes.size() - at;
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < left ? static_cast<unsigned char>(bytes[at + k]) : 0u);
    *to++ = kDigits[bits >> 18];
    *to++ = kDigits[(bits >> 12) & 63];
    *to++ = left > 1 ? kDigits[(bits >> 6) & 63] : '=';
    *to++ = left > 2 ? kDigits[bits & 63] : '=';
  }
  *to++ = '"';
  return to;
}

void append_time(std::string& to, int64_t microseconds_since_1970) {
  char text[Rfc3339Writer::kSize];
  if (!Rfc3339Writer().write(microseconds_since_1970, text)) {
    to += std::to_string(microseconds_since_1970);
    return;
  }
  constexpr size_t kMilliseconds = 4;
  to.append(text, Rfc3339Writer::kSecondsSize + kMilliseconds) += 'Z';
}

}  // namespace levada::agent

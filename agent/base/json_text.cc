#include "agent/base/json_text.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>

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

void append_json_text(std::string& to, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  const size_t used = to.size();
  to.resize(used + 6 * text.size() + 2);
  char* out = to.data() + used;
  *out++ = '"';
  for (const char each : text) {
    const auto c = static_cast<unsigned char>(each);
    if (c >= 0x20 && c != '"' && c != '\\') {
      *out++ = each;
      continue;
    }
    *out++ = '\\';
    switch (c) {
      case '"':
      case '\\': *out++ = each; break;
      case '\n': *out++ = 'n'; break;
      case '\r': *out++ = 'r'; break;
      case '\t': *out++ = 't'; break;
      default:
        out = std::copy_n("u00", 3, out);
        *out++ = kHex[c >> 4];
        *out++ = kHex[c & 15];
    }
  }
  *out++ = '"';
  to.resize(static_cast<size_t>(out - to.data()));
}

void append_base64(std::string& to, std::string_view bytes) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  to += '"';
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t left = bytes.size() - at;
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < left ? static_cast<unsigned char>(bytes[at + k]) : 0u);
    to += kDigits[bits >> 18];
    to += kDigits[(bits >> 12) & 63];
    to += left > 1 ? kDigits[(bits >> 6) & 63] : '=';
    to += left > 2 ? kDigits[bits & 63] : '=';
  }
  to += '"';
}

void append_time(std::string& to, int64_t nanoseconds_since_1970) {
  const std::time_t seconds = nanoseconds_since_1970 / 1'000'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  to.append(text, length);
  std::snprintf(text, sizeof text, ".%03dZ", static_cast<int>(nanoseconds_since_1970 / 1'000'000 % 1000));
  to += text;
}

}  // namespace levada::agent

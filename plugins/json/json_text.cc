#include "json/json_text.h"

#include <charconv>
#include <cmath>

namespace levada {

namespace {

void append_utf8(uint32_t point, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// Whether a number that no double holds is too large, rather than too small: where its
// first digit that counts stands.
bool is_too_large(std::string_view digits) {
  int64_t position = 0, exponent = 0;
  bool after_point = false, found = false;
  for (size_t at = 0; at < digits.size(); ++at) {
    const char c = digits[at];
    if (c == 'e' || c == 'E') {
      const bool negative = digits[at + 1] == '-';
      for (size_t digit = at + 1; digit < digits.size(); ++digit)
        if (digits[digit] >= '0' && digits[digit] <= '9' && exponent < (int64_t{1} << 40))
          exponent = exponent * 10 + (digits[digit] - '0');
      if (negative) exponent = -exponent;
      break;
    }
    if (c == '.') {
      after_point = true;
    } else if (c >= '0' && c <= '9') {
      found = found || c != '0';
      if (found && !after_point) ++position;
      if (!found && after_point) --position;
    }
  }
  return found && position + exponent > 0;
}

}  // namespace

std::optional<uint32_t> hex4(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  uint32_t value = 0;
  for (size_t at = 0; at < 4; ++at) {
    const char c = text[at];
    uint32_t digit;
    if (c >= '0' && c <= '9') digit = static_cast<uint32_t>(c - '0');
    else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') digit = static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    else return std::nullopt;
    value = value << 4 | digit;
  }
  return value;
}

std::optional<double> parse_double(std::string_view number) {
  // from_chars reads "inf" and "nan" too.
  const size_t first = number.starts_with('-') ? 1 : 0;
  if (first >= number.size() || number[first] < '0' || number[first] > '9') return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc::invalid_argument || end != number.data() + number.size()) return std::nullopt;
  if (error != std::errc::result_out_of_range && !std::isinf(value)) return value;
  if (is_too_large(number)) return std::nullopt;
  return number.front() == '-' ? -0.0 : 0.0;
}

size_t utf8_size(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
  const auto follows = [&](size_t at) { return (byte(at) & 0xc0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !follows(1)) return 0;
  if (first < 0xe0) return 2;
  if (!follows(2)) return 0;
  if (first < 0xf0) {
    const bool overlong = first == 0xe0 && second < 0xa0;
    const bool surrogate = first == 0xed && second >= 0xa0;
    return overlong || surrogate ? 0 : 3;
  }
  const bool overlong = first == 0xf0 && second < 0x90;
  const bool too_large = first == 0xf4 && second >= 0x90;
  return overlong || too_large || !follows(3) ? 0 : 4;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto size = static_cast<unsigned char>(text.front()) < 0x80 ? 1 : utf8_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

bool unescape(std::string_view content, std::string& out) {
  for (size_t at = 0;;) {
    const size_t backslash = content.find('\\', at);
    out.append(content, at, backslash - at);
    if (backslash == std::string_view::npos) return true;
    if (backslash + 1 >= content.size()) return false;
    at = backslash + 2;
    switch (content[backslash + 1]) {
      case '"': out += '"'; break;
      case '\\': out += '\\'; break;
      case '/': out += '/'; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': {
        auto point = hex4(content.substr(at));
        if (!point || (*point >= 0xdc00 && *point < 0xe000)) return false;
        at += 4;
        if (*point >= 0xd800 && *point < 0xdc00) {
          if (content.substr(at, 2) != "\\u") return false;
          const auto low = hex4(content.substr(at + 2));
          if (!low || *low < 0xdc00 || *low >= 0xe000) return false;
          point = 0x10000 + ((*point - 0xd800) << 10) + (*low - 0xdc00);
          at += 6;
        }
        append_utf8(*point, out);
        break;
      }
      default: return false;
    }
  }
}

size_t write_escape(char c, char* to) {
  constexpr char kHex[] = "0123456789abcdef";
  to[0] = '\\';
  switch (c) {
    case '\b': to[1] = 'b'; return 2;
    case '\f': to[1] = 'f'; return 2;
    case '\n': to[1] = 'n'; return 2;
    case '\r': to[1] = 'r'; return 2;
    case '\t': to[1] = 't'; return 2;
    case '"':
    case '\\': to[1] = c; return 2;
    default: break;
  }
  to[1] = 'u';
  to[2] = to[3] = '0';
  to[4] = kHex[static_cast<unsigned char>(c) >> 4];
  to[5] = kHex[static_cast<unsigned char>(c) & 15];
  return 6;
}

}  // namespace levada

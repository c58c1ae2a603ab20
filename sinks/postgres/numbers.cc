#include "numbers.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "json/decimal.h"
#include "levada/time.h"

namespace levada::postgres_sink {

namespace {

constexpr uint16_t kNegative = 0x4000, kNotANumber = 0xC000, kInfinity = 0xD000, kMinusInfinity = 0xF000;
// Digits before and behind the point.
constexpr int64_t kMostWhole = 131'072, kMostFraction = 16'383;

void append_16(uint16_t value, std::string& to) {
  to += static_cast<char>(value >> 8);
  to += static_cast<char>(value & 255);
}

void append_special(uint16_t sign, std::string& to) {
  append_16(0, to);
  append_16(0, to);
  append_16(sign, to);
  append_16(0, to);
}

bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; });
}

bool append_word(std::string_view text, std::string& to) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (is_word(text, "nan")) append_special(kNotANumber, to);
  else if (is_word(text, "inf") || is_word(text, "infinity")) append_special(negative ? kMinusInfinity : kInfinity, to);
  else return false;
  return true;
}

int64_t floor_by_4(int64_t digits) { return digits >= 0 ? digits / 4 : -((-digits + 3) / 4); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

bool append_numeric(std::string_view text, std::string& to) {
  const auto number = parse_decimal(text.starts_with('+') ? text.substr(1) : text);
  if (!number) return append_word(text, to);
  const auto size = static_cast<int64_t>(number->whole.size() + number->fraction.size());
  const auto digit = [&](int64_t at) -> int {
    const auto whole = static_cast<int64_t>(number->whole.size());
    return (at < whole ? number->whole[static_cast<size_t>(at)] : number->fraction[static_cast<size_t>(at - whole)]) -
           '0';
  };
  // Digit `at` stands for 10^(point - 1 - at).
  const int64_t point = static_cast<int64_t>(number->whole.size()) + number->exponent;
  int64_t first = 0, last = size;
  while (first < last && digit(first) == 0) ++first;
  while (last > first && digit(last - 1) == 0) --last;
  const int64_t scale = std::max<int64_t>(0, size - point);
  if (scale > kMostFraction || point - first > kMostWhole) return false;
  if (first == last) {
    append_16(0, to);
    append_16(0, to);
    append_16(0, to);
    append_16(static_cast<uint16_t>(scale), to);
    return true;
  }
  // In groups of four from the point: the weight of the first, and where the last one ends.
  const int64_t weight = floor_by_4(point - 1 - first), lowest = floor_by_4(point - last);
  append_16(static_cast<uint16_t>(weight - lowest + 1), to);
  append_16(static_cast<uint16_t>(static_cast<int16_t>(weight)), to);
  append_16(number->negative ? kNegative : 0, to);
  append_16(static_cast<uint16_t>(scale), to);
  for (int64_t group = weight; group >= lowest; --group) {
    int value = 0;
    for (int64_t power = 4 * group + 3; power >= 4 * group; --power) {
      const int64_t at = point - 1 - power;
      value = value * 10 + (at >= 0 && at < size ? digit(at) : 0);
    }
    append_16(static_cast<uint16_t>(value), to);
  }
  return true;
}

bool append_uuid(std::string_view text, std::string& to) {
  if (text.starts_with('{') && text.ends_with('}')) text = text.substr(1, text.size() - 2);
  std::array<char, 16> bytes{};
  size_t digits = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    // Between groups of four digits.
    if (text[at] == '-' && digits > 0 && digits < 32 && digits % 4 == 0 && text[at - 1] != '-') continue;
    const int value = hex_digit(text[at]);
    if (value < 0 || digits == 32) return false;
    bytes[digits / 2] = static_cast<char>(bytes[digits / 2] << 4 | value);
    ++digits;
  }
  if (digits != 32 || text.ends_with('-')) return false;
  to.append(bytes.data(), bytes.size());
  return true;
}

bool append_address(std::string_view text, bool is_network, std::string& to) {
  const auto slash = std::min(text.find('/'), text.size());
  char address[INET6_ADDRSTRLEN + 1] = {};
  if (slash > INET6_ADDRSTRLEN) return false;
  std::memcpy(address, text.data(), slash);
  if (std::strlen(address) != slash) return false;
  unsigned char bytes[16];
  const bool is_4 = ::inet_pton(AF_INET, address, bytes) == 1;
  if (!is_4 && ::inet_pton(AF_INET6, address, bytes) != 1) return false;
  const int size = is_4 ? 4 : 16;
  int length = size * 8;
  if (slash < text.size()) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, length);
    if (error != std::errc() || stop != end || length < 0 || length > size * 8) return false;
  }
  if (is_network)
    for (int bit = length; bit < size * 8; ++bit)
      if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
  // As its own headers number the families: 2, and one more.
  to += static_cast<char>(is_4 ? 2 : 3);
  to += static_cast<char>(length);
  to += static_cast<char>(is_network ? 1 : 0);
  to += static_cast<char>(size);
  to.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  return true;
}

std::optional<int64_t> days_of(std::string_view text) {
  constexpr size_t kDate = 10;
  constexpr int64_t kMicrosecondsADay = int64_t{86'400} * 1'000'000;
  char whole[] = "0000-00-00T00:00:00Z";
  if (text.size() == kDate) {
    std::memcpy(whole, text.data(), kDate);
    text = whole;
  }
  const auto time = parse_rfc3339(text);
  if (!time) return std::nullopt;
  return *time / kMicrosecondsADay - (*time % kMicrosecondsADay < 0 ? 1 : 0);
}

}  // namespace levada::postgres_sink

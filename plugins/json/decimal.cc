#include "json/decimal.h"

#include <algorithm>

namespace levada {

std::optional<Decimal> parse_decimal(std::string_view text) {
  constexpr int64_t kMostExponent = int64_t{1} << 40;
  size_t at = 0;
  const auto is_digit = [&] { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  const auto digits = [&] {
    const size_t begin = at;
    while (is_digit()) ++at;
    return text.substr(begin, at - begin);
  };
  const auto take = [&](std::string_view characters) {
    return at < text.size() && characters.find(text[at]) != std::string_view::npos && ++at;
  };
  Decimal decimal;
  decimal.negative = take("-");
  decimal.whole = digits();
  if (decimal.whole.empty()) return std::nullopt;
  if (take(".") && (decimal.fraction = digits()).empty()) return std::nullopt;
  if (take("eE")) {
    const bool negative = at < text.size() && text[at] == '-';
    take("+-");
    const auto exponent = digits();
    if (exponent.empty()) return std::nullopt;
    for (const char c : exponent) decimal.exponent = std::min(decimal.exponent * 10 + (c - '0'), kMostExponent);
    if (negative) decimal.exponent = -decimal.exponent;
  }
  if (at != text.size()) return std::nullopt;
  return decimal;
}

std::optional<int64_t> parse_whole(std::string_view text) {
  const auto decimal = parse_decimal(text);
  if (!decimal) return std::nullopt;
  const auto digit = [&](size_t at) {
    const auto& part = at < decimal->whole.size() ? decimal->whole : decimal->fraction;
    return static_cast<uint64_t>(part[at < decimal->whole.size() ? at : at - decimal->whole.size()] - '0');
  };
  size_t begin = 0;
  size_t end = decimal->whole.size() + decimal->fraction.size();
  int64_t exponent = decimal->exponent - static_cast<int64_t>(decimal->fraction.size());
  while (begin < end && digit(begin) == 0) ++begin;
  for (; end > begin && digit(end - 1) == 0; --end) ++exponent;
  if (begin == end) return 0;
  constexpr int64_t kMostDigits = 19;
  if (exponent < 0 || static_cast<int64_t>(end - begin) + exponent > kMostDigits) return std::nullopt;
  uint64_t value = 0;
  for (; begin < end; ++begin) value = value * 10 + digit(begin);
  for (; exponent > 0; --exponent) value *= 10;
  constexpr uint64_t kMost = INT64_MAX;
  if (value > kMost + (decimal->negative ? 1 : 0)) return std::nullopt;
  return static_cast<int64_t>(decimal->negative ? 0 - value : value);
}

}  // namespace levada

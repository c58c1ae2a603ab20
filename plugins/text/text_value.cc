#include "text/text_value.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "json/decimal.h"
#include "json/json_text.h"
#include "levada/time.h"

namespace levada {

namespace {

std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+') text.remove_prefix(1);
  return text;
}

// Whether both are the same but for the case of letters; `word` is in small ones.
bool is_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != word[at]) return false;
  }
  return true;
}

template <size_t count>
bool is_one_of(std::string_view text, const std::string_view (&words)[count]) {
  for (const auto word : words)
    if (is_word(text, word)) return true;
  return false;
}

}  // namespace

std::optional<int64_t> read_int64(std::string_view text) {
  text = without_plus(text);
  int64_t value;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) return value;
  return parse_whole(text);
}

std::optional<double> read_float64(std::string_view text) {
  text = without_plus(text);
  if (parse_decimal(text)) return parse_double(text);
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  constexpr std::string_view kInfinity[] = {"inf", "infinity"};
  if (is_word(text, "nan")) return std::numeric_limits<double>::quiet_NaN();
  if (!is_one_of(text, kInfinity)) return std::nullopt;
  return negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

std::optional<bool> read_boolean(std::string_view text) {
  constexpr std::string_view kTrue[] = {"true", "t", "yes", "y", "on", "1"};
  constexpr std::string_view kFalse[] = {"false", "f", "no", "n", "off", "0"};
  if (is_one_of(text, kTrue)) return true;
  if (is_one_of(text, kFalse)) return false;
  return std::nullopt;
}

std::optional<int64_t> to_microseconds(int64_t number, TimeUnit unit) {
  int64_t factor = 1;
  switch (unit) {
    case TimeUnit::none: return std::nullopt;
    case TimeUnit::seconds: factor = 1'000'000; break;
    case TimeUnit::milliseconds: factor = 1'000; break;
    case TimeUnit::microseconds: break;
    // Down, also before 1970.
    case TimeUnit::nanoseconds: return number / 1000 - (number % 1000 < 0);
  }
  int64_t result;
  return __builtin_mul_overflow(number, factor, &result) ? std::nullopt : std::optional(result);
}

std::optional<int64_t> read_timestamp(std::string_view text, TimeUnit unit) {
  if (const auto time = parse_rfc3339(text)) return time;
  if (unit == TimeUnit::none) return std::nullopt;
  if (const auto whole = read_int64(text)) return to_microseconds(*whole, unit);
  const auto number = read_float64(text);
  if (!number) return std::nullopt;
  constexpr double kMicrosecondsIn[] = {0, 1e6, 1e3, 1, 1e-3};
  const double result = std::round(*number * kMicrosecondsIn[static_cast<size_t>(unit)]);
  // Written so that what is not a number fails too.
  if (!(std::abs(result) < 9.2e18)) return std::nullopt;
  return static_cast<int64_t>(result);
}

}  // namespace levada

// Points in time out of numbers and texts.
#include "epoch.h"

#include <charconv>
#include <cmath>

#include "levada/time.h"

namespace levada::timestamp {
namespace {

// Seconds have up to 11 digits, milliseconds 14, microseconds 17.
Format detected(double size) {
  if (size < 1e11) return Format::epoch_s;
  if (size < 1e14) return Format::epoch_ms;
  return size < 1e17 ? Format::epoch_us : Format::epoch_ns;
}

template <class T>
std::optional<T> number_in(std::string_view text) {
  T number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<int64_t> microseconds(int64_t number, Format format) {
  if (format == Format::detect) format = detected(std::abs(static_cast<double>(number)));
  int64_t result;
  switch (format) {
    case Format::epoch_s:
      return __builtin_mul_overflow(number, 1'000'000, &result) ? std::nullopt : std::optional(result);
    case Format::epoch_ms: return __builtin_mul_overflow(number, 1'000, &result) ? std::nullopt : std::optional(result);
    case Format::epoch_us: return number;
    // Down, also before 1970.
    case Format::epoch_ns: return number / 1000 - (number % 1000 < 0);
    case Format::detect:
    case Format::rfc3339: break;
  }
  return std::nullopt;
}

std::optional<int64_t> microseconds(double number, Format format) {
  if (format == Format::detect) format = detected(std::abs(number));
  if (format == Format::rfc3339) return std::nullopt;
  constexpr double kMicrosecondsIn[] = {0, 0, 1e6, 1e3, 1, 1e-3};
  const double result = std::round(number * kMicrosecondsIn[static_cast<size_t>(format)]);
  // Written so that what is not a number fails too.
  if (!(std::abs(result) < 9.2e18)) return std::nullopt;
  return static_cast<int64_t>(result);
}

std::optional<int64_t> microseconds(std::string_view text, Format format) {
  if (format != Format::rfc3339) {
    if (const auto integer = number_in<int64_t>(text)) return microseconds(*integer, format);
    if (const auto number = number_in<double>(text)) return microseconds(*number, format);
    if (format != Format::detect) return std::nullopt;
  }
  return parse_rfc3339(text);
}

}  // namespace levada::timestamp

// Points in time out of numbers and texts.
#include "epoch.h"

#include <cmath>

#include "json/decimal.h"
#include "json/json_text.h"
#include "levada/time.h"

namespace levada::timestamp {
namespace {

// Seconds have up to 11 digits, milliseconds 14, microseconds 17.
template <class T>
Format detected(T size) {
  if (size < T{100'000'000'000}) return Format::epoch_s;
  if (size < T{100'000'000'000'000}) return Format::epoch_ms;
  return size < T{100'000'000'000'000'000} ? Format::epoch_us : Format::epoch_ns;
}

uint64_t size_of(int64_t number) {
  return number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
}

}  // namespace

std::optional<int64_t> microseconds(int64_t number, Format format) {
  if (format == Format::detect) format = detected(size_of(number));
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
  if (format == Format::rfc3339) return parse_rfc3339(text);
  if (const auto whole = parse_whole(text)) return microseconds(*whole, format);
  const auto decimal = parse_decimal(text);
  const auto number = decimal ? parse_double(text) : std::nullopt;
  if (number) {
    // By the digits before the point, which a double may have rounded up.
    if (const auto before = parse_whole(decimal->whole); before && format == Format::detect && decimal->exponent == 0)
      format = detected(size_of(*before));
    return microseconds(*number, format);
  }
  if (format != Format::detect) return std::nullopt;
  return parse_rfc3339(text);
}

}  // namespace levada::timestamp

// Single values from the types of batches to those of a schema: false where one does not fit.
#pragma once

#include <arrow/util/decimal.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>

#include "lake/schema.h"
#include "levada/time.h"

namespace levada::lake {

template <class Number>
bool parse_number(std::string_view text, Number& to) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, to);
  return error == std::errc() && at == end && !text.empty();
}

template <std::signed_integral To>
bool convert(int64_t from, To& to) {
  to = static_cast<To>(from);
  return to == from;
}
template <std::signed_integral To>
bool convert(double from, To& to) {
  constexpr double kEnd = -2.0 * static_cast<double>(std::numeric_limits<To>::min() / 2);
  if (!(from >= -kEnd && from < kEnd) || from != std::trunc(from)) return false;
  to = static_cast<To>(from);
  return true;
}
template <std::signed_integral To>
bool convert(std::string_view from, To& to) {
  return parse_number(from, to);
}

template <std::floating_point To>
bool convert(int64_t from, To& to) {
  to = static_cast<To>(from);
  // 2^63 is no int64.
  return to < static_cast<To>(9223372036854775808.0) && static_cast<int64_t>(to) == from;
}
template <std::floating_point To>
bool convert(double from, To& to) {
  to = static_cast<To>(from);
  return std::isfinite(to) || !std::isfinite(from);
}
template <std::floating_point To>
bool convert(std::string_view from, To& to) {
  return parse_number(from, to);
}

struct ToDecimal {
  int32_t precision, scale;

  bool operator()(int64_t from, arrow::Decimal128& to) const { return scaled(arrow::Decimal128(from), 0, to); }
  bool operator()(double from, arrow::Decimal128& to) const {
    char digits[32];
    return (*this)(std::string_view(digits, std::to_chars(digits, std::end(digits), from).ptr), to);
  }
  bool operator()(std::string_view from, arrow::Decimal128& to) const {
    arrow::Decimal128 parsed;
    int32_t its_precision = 0, its_scale = 0;
    if (from.empty() || !arrow::Decimal128::FromString(from, &parsed, &its_precision, &its_scale).ok()) return false;
    return scaled(parsed, its_scale, to);
  }

 private:
  bool scaled(const arrow::Decimal128& from, int32_t its_scale, arrow::Decimal128& to) const {
    auto done = from.Rescale(its_scale, scale);
    if (!done.ok()) return false;
    to = *done;
    return to.FitsInPrecision(precision);
  }
};

struct ToDate {
  static constexpr int64_t kDay = int64_t{86'400} * 1'000'000;

  // Of microseconds.
  bool operator()(int64_t from, int32_t& to) const {
    return convert(from >= 0 ? from / kDay : (from + 1) / kDay - 1, to);
  }
  bool operator()(std::string_view from, int32_t& to) const {
    if (from.size() != 10) return false;
    const auto start = parse_rfc3339(std::string(from) + "T00:00:00Z");
    return start && (*this)(*start, to);
  }
};

struct ToTimestamp {
  TimeUnit unit;

  // Of microseconds.
  bool operator()(int64_t from, int64_t& to) const {
    switch (unit) {
      case TimeUnit::seconds: to = floor(from, 1'000'000); return true;
      case TimeUnit::milliseconds: to = floor(from, 1'000); return true;
      case TimeUnit::microseconds: to = from; return true;
      case TimeUnit::nanoseconds: break;
    }
    return !__builtin_mul_overflow(from, int64_t{1000}, &to);
  }
  bool operator()(std::string_view from, int64_t& to) const {
    const auto microseconds = parse_rfc3339(from);
    return microseconds && (*this)(*microseconds, to);
  }

 private:
  static int64_t floor(int64_t value, int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }
};

}  // namespace levada::lake

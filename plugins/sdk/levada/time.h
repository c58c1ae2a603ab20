// Points in time as text: RFC 3339, which timestamps in logs, JSON and configurations are written in.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace levada {

// Microseconds since 1970 UTC of "2026-06-01T12:00:00.5Z", "2026-06-01 14:00:00+02:00", ...; without a zone it is UTC.
// Digits beyond microseconds are cut off.
inline std::optional<int64_t> parse_rfc3339(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto number = [&](int digits, int& value) {
    if (end - at < digits) return false;
    value = 0;
    for (; digits > 0; --digits, ++at) {
      if (*at < '0' || *at > '9') return false;
      value = value * 10 + (*at - '0');
    }
    return true;
  };
  const auto one_of = [&](std::string_view characters) {
    return at != end && characters.find(*at) != std::string_view::npos && ++at;
  };
  int year, month, day, hour, minute, second;
  if (!(number(4, year) && one_of("-") && number(2, month) && one_of("-") && number(2, day) && one_of("Tt ") &&
        number(2, hour) && one_of(":") && number(2, minute) && one_of(":") && number(2, second)))
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  // 60 is a leap second.
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  int64_t microseconds = 0;
  if (one_of(".")) {
    int64_t unit = 100'000;
    if (at == end || *at < '0' || *at > '9') return std::nullopt;
    for (; at != end && *at >= '0' && *at <= '9'; ++at, unit /= 10) microseconds += unit * (*at - '0');
  }
  int64_t east_minutes = 0;
  if (at != end && !one_of("Zz")) {
    const bool west = *at == '-';
    int hours, minutes;
    if (!one_of("+-") || !number(2, hours)) return std::nullopt;
    one_of(":");
    if (!number(2, minutes) || hours > 23 || minutes > 59) return std::nullopt;
    east_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
  }
  if (at != end) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = ((days * 24 + hour) * 60 + minute - east_minutes) * 60 + second;
  return seconds * 1'000'000 + microseconds;
}

}  // namespace levada

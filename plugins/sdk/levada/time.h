// Points in time as text, read and written: RFC 3339, which timestamps in logs, JSON and configurations are written in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

namespace levada {

// Writes times as "2024-02-29T22:59:59.250000Z"; remembers the day, as times that follow each other mostly share it.
class Rfc3339Writer {
 public:
  static constexpr size_t kSize = 27;
  static constexpr size_t kSecondsSize = 19;  // Up to where the fraction begins.

  // Gives the end of what was written; null, and nothing written, outside of the years 0 to 9999.
  char* write(int64_t microseconds, char* to) {
    constexpr int64_t kMicrosecondsADay = int64_t{86'400} * 1'000'000;
    int64_t day = microseconds / kMicrosecondsADay;
    int64_t rest = microseconds % kMicrosecondsADay;
    if (rest < 0) {
      rest += kMicrosecondsADay;
      --day;
    }
    if (day != day_ && !set_day(day)) return nullptr;
    std::memcpy(to, date_, sizeof date_);
    const int seconds = static_cast<int>(rest / 1'000'000);
    write_digits(seconds / 3600, 2, to + 11);
    to[13] = ':';
    write_digits(seconds / 60 % 60, 2, to + 14);
    to[16] = ':';
    write_digits(seconds % 60, 2, to + 17);
    to[19] = '.';
    write_digits(static_cast<int>(rest % 1'000'000), 6, to + 20);
    to[26] = 'Z';
    return to + kSize;
  }

 private:
  static void write_digits(int value, size_t size, char* to) {
    for (size_t at = size; at-- > 0; value /= 10) to[at] = static_cast<char>('0' + value % 10);
  }
  bool set_day(int64_t day) {
    constexpr int64_t kYear0 = -719'528, kYear10000 = 2'932'897;
    if (day < kYear0 || day >= kYear10000) return false;
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    write_digits(static_cast<int>(date.year()), 4, date_);
    date_[4] = date_[7] = '-';
    write_digits(static_cast<int>(static_cast<unsigned>(date.month())), 2, date_ + 5);
    write_digits(static_cast<int>(static_cast<unsigned>(date.day())), 2, date_ + 8);
    date_[10] = 'T';
    day_ = day;
    return true;
  }

  int64_t day_ = std::numeric_limits<int64_t>::min();
  char date_[11] = {};
};

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

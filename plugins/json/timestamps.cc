#include "json/timestamps.h"

#include <chrono>
#include <cstring>

namespace levada {

namespace {

constexpr int64_t kMicrosecondsADay = int64_t{86'400} * 1'000'000;

// The number that `size` digits of `text` from `at` on make; -1 where they are not all digits.
int digits(std::string_view text, size_t at, size_t size) {
  int value = 0;
  for (size_t end = at + size; at < end; ++at) {
    if (text[at] < '0' || text[at] > '9') return -1;
    value = value * 10 + (text[at] - '0');
  }
  return value;
}

void write_digits(int value, size_t size, char* to) {
  for (size_t at = size; at-- > 0; value /= 10) to[at] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::optional<int64_t> parse_rfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':') return std::nullopt;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  const int year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (year < 0 || month < 0 || day < 0 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;

  size_t at = 19;
  int64_t microseconds = 0;
  if (text[at] == '.') {
    const size_t fraction = ++at;
    int64_t unit = 100'000;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
      microseconds += (text[at] - '0') * unit;
    if (at == fraction || at == text.size()) return std::nullopt;
  }
  int64_t offset_minutes = 0;
  if (text[at] == 'Z' || text[at] == 'z') {
    if (at + 1 != text.size()) return std::nullopt;
  } else if (text[at] == '+' || text[at] == '-') {
    if (at + 6 != text.size() || text[at + 3] != ':') return std::nullopt;
    const int hours = digits(text, at + 1, 2), minutes = digits(text, at + 4, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    offset_minutes = (text[at] == '-' ? -1 : 1) * (hours * 60 + minutes);
  } else {
    return std::nullopt;
  }
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * kMicrosecondsADay + ((hour * 60 + minute - offset_minutes) * 60 + second) * 1'000'000 + microseconds;
}

char* Rfc3339Writer::write(int64_t microseconds, char* to) {
  int64_t day = microseconds / kMicrosecondsADay;
  int64_t rest = microseconds % kMicrosecondsADay;
  if (rest < 0) {
    rest += kMicrosecondsADay;
    --day;
  }
  if (day != day_) {
    constexpr int64_t kYear0 = -719'528, kYear10000 = 2'932'897;
    if (day < kYear0 || day >= kYear10000) return nullptr;
    const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(day))};
    write_digits(static_cast<int>(date.year()), 4, date_);
    date_[4] = date_[7] = '-';
    write_digits(static_cast<int>(static_cast<unsigned>(date.month())), 2, date_ + 5);
    write_digits(static_cast<int>(static_cast<unsigned>(date.day())), 2, date_ + 8);
    date_[10] = 'T';
    day_ = day;
  }
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

}  // namespace levada

#include "json/timestamps.h"

#include <chrono>
#include <cstring>

namespace levada {

namespace {

constexpr int64_t kMicrosecondsADay = int64_t{86'400} * 1'000'000;

void write_digits(int value, size_t size, char* to) {
  for (size_t at = size; at-- > 0; value /= 10) to[at] = static_cast<char>('0' + value % 10);
}

}  // namespace

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

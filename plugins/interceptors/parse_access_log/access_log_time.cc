#include "access_log_time.h"

#include <algorithm>
#include <chrono>
#include <iterator>

#include "levada/time.h"

namespace levada::parse_access_log {

namespace {

constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// The two digits at `at`; more than 99 where they are none.
unsigned two_digits(std::string_view text, size_t at) {
  const auto digit = [&](size_t place) { return static_cast<unsigned>(static_cast<unsigned char>(text[place])) - '0'; };
  const unsigned high = digit(at), low = digit(at + 1);
  return high > 9 || low > 9 ? 100 : high * 10 + low;
}

// "10/Oct/2000:13:55:36 -0700"
std::optional<int64_t> parse_common(std::string_view text) {
  if (text.size() != 26 || text[2] != '/' || text[6] != '/' || text[11] != ':' || text[14] != ':' || text[17] != ':' ||
      text[20] != ' ' || (text[21] != '+' && text[21] != '-'))
    return std::nullopt;
  const auto month = std::find(std::begin(kMonths), std::end(kMonths), text.substr(3, 3)) - std::begin(kMonths) + 1;
  const unsigned day = two_digits(text, 0), century = two_digits(text, 7), year = two_digits(text, 9);
  const unsigned hour = two_digits(text, 12), minute = two_digits(text, 15), second = two_digits(text, 18);
  const unsigned zone_hours = two_digits(text, 22), zone_minutes = two_digits(text, 24);
  // 60 is a leap second.
  if (century > 99 || year > 99 || hour > 23 || minute > 59 || second > 60 || zone_hours > 23 || zone_minutes > 59)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(century * 100 + year)),
                                         std::chrono::month(static_cast<unsigned>(month)), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t east = (text[21] == '-' ? -1 : 1) * (static_cast<int64_t>(zone_hours) * 60 + zone_minutes);
  return (((days * 24 + hour) * 60 + minute - east) * 60 + second) * 1'000'000;
}

}  // namespace

std::optional<int64_t> AccessLogTime::read_anew(std::string_view text) {
  const auto microseconds = text.size() > 2 && text[2] == '/' ? parse_common(text) : parse_rfc3339(text);
  if (text.size() <= sizeof text_) {
    size_ = text.size();
    std::memcpy(text_, text.data(), size_);
    microseconds_ = microseconds;
  }
  return microseconds;
}

}  // namespace levada::parse_access_log

#include "schedule.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <climits>
#include <span>
#include <string_view>
#include <vector>

namespace levada::http_fetch {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
// The 29th of February comes again within eight years.
constexpr int kDaysMost = 366 * 9;
constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  const char* what;
  int least, most;
  std::span<const std::string_view> names;
  int first_name;
};

std::optional<int> number_of(std::string_view text, const Field& field) {
  for (size_t at = 0; at < field.names.size(); ++at)
    if (text == field.names[at]) return field.first_name + static_cast<int>(at);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < field.least || value > field.most)
    return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

template <size_t size>
Done read_field(std::string_view text, const Field& field, std::bitset<size>& to) {
  const auto bad = [&](std::string_view part) {
    return fatal("\"" + std::string(part) + "\" is no " + field.what + ": write " + std::to_string(field.least) +
                 " to " + std::to_string(field.most) + ", \"*\", \"1,2\", \"1-5\" or \"*/5\"");
  };
  for (const auto part : split(text, ',')) {
    const auto slash = part.find('/');
    const auto range = part.substr(0, slash);
    int step = 1;
    if (slash != part.npos) {
      const auto digits = part.substr(slash + 1);
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
      if (error != std::errc() || end != digits.data() + digits.size() || step < 1) return bad(part);
    }
    int from = field.least, to_value = field.most;
    if (range != "*") {
      const auto dash = range.find('-');
      const auto first = number_of(range.substr(0, dash), field);
      if (!first) return bad(part);
      from = *first;
      if (dash != range.npos) {
        const auto last = number_of(range.substr(dash + 1), field);
        if (!last || *last < from) return bad(part);
        to_value = *last;
      } else if (slash == part.npos) {
        to_value = from;
      }
    }
    for (int value = from; value <= to_value; value += step) to.set(static_cast<size_t>(value));
  }
  return {};
}

}  // namespace

Result<Cron> Cron::parse(const std::string& given) {
  std::string text = given;
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kShort = {{{"@yearly", "0 0 1 1 *"},
                                                                                    {"@annually", "0 0 1 1 *"},
                                                                                    {"@monthly", "0 0 1 * *"},
                                                                                    {"@weekly", "0 0 * * 0"},
                                                                                    {"@daily", "0 0 * * *"},
                                                                                    {"@midnight", "0 0 * * *"},
                                                                                    {"@hourly", "0 * * * *"}}};
  for (const auto& [name, meaning] : kShort)
    if (text == name) text = meaning;
  std::vector<std::string_view> parts;
  for (const auto part : split(text, ' '))
    if (!part.empty()) parts.push_back(part);
  if (parts.size() != 5)
    return fatal("write five fields: minute, hour, day, month and day of the week, such as \"0 3 * * *\"");
  Cron cron;
  LEVADA_TRY(read_field(parts[0], {"minute", 0, 59, {}, 0}, cron.minutes_));
  LEVADA_TRY(read_field(parts[1], {"hour", 0, 23, {}, 0}, cron.hours_));
  LEVADA_TRY(read_field(parts[2], {"day of the month", 1, 31, {}, 0}, cron.days_));
  LEVADA_TRY(read_field(parts[3], {"month", 1, 12, kMonths, 1}, cron.months_));
  LEVADA_TRY(read_field(parts[4], {"day of the week", 0, 7, kWeekdays, 0}, cron.weekdays_));
  if (cron.weekdays_[7]) cron.weekdays_.set(0);
  cron.any_day_ = parts[2].starts_with('*');
  cron.any_weekday_ = parts[4].starts_with('*');
  if (cron.next(0) == INT64_MAX) return fatal("\"" + given + "\" never comes: no month has that day");
  return cron;
}

int64_t Cron::next(int64_t after) const {
  using namespace std::chrono;
  const sys_seconds begin{seconds(after + 1)};
  auto day = floor<days>(begin);
  // The first whole minute that is not before it.
  auto minute = ceil<minutes>(begin - day).count();
  for (int passed = 0; passed < kDaysMost; ++passed, day += days(1), minute = 0) {
    const year_month_day date(day);
    if (!months_[static_cast<unsigned>(date.month())]) continue;
    const bool by_day = days_[static_cast<unsigned>(date.day())];
    const bool by_weekday = weekdays_[weekday(day).c_encoding()];
    const bool fits = any_day_ || any_weekday_ ? by_day && by_weekday : by_day || by_weekday;
    if (!fits) continue;
    for (; minute < 24 * 60; ++minute)
      if (hours_[static_cast<size_t>(minute / 60)] && minutes_[static_cast<size_t>(minute % 60)])
        return (day + minutes(minute)).time_since_epoch() / seconds(1);
  }
  return INT64_MAX;
}

int64_t Schedule::due(int64_t last_ns, int64_t now_ns) const {
  if (cron) {
    const auto next = cron->next((last_ns > 0 ? std::min(last_ns, now_ns) : now_ns) / kSecond);
    return next > INT64_MAX / kSecond ? INT64_MAX : next * kSecond;
  }
  if (every_ns == 0 || last_ns == 0) return last_ns == 0 ? 0 : INT64_MAX;
  // A clock that was set back puts nothing off for longer than the interval.
  return std::min(last_ns, now_ns) + every_ns;
}

}  // namespace levada::http_fetch

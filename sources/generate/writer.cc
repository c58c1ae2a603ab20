// Dates of the generated records.
#include "writer.h"

#include <chrono>

namespace levada::generate {

CivilTime civil_time(int64_t epoch_seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(epoch_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count())};
}

std::string_view month_name(int month) {
  return std::string_view("JanFebMarAprMayJunJulAugSepOctNovDec").substr(static_cast<size_t>(3 * (month - 1)), 3);
}

void write_clf_time(Writer& writer, int64_t epoch_seconds) {
  const auto t = civil_time(epoch_seconds);
  writer.padded(t.day, 2).text("/").text(month_name(t.month)).text("/").padded(t.year, 4);
  writer.text(":").padded(t.hour, 2).text(":").padded(t.minute, 2).text(":").padded(t.second, 2).text(" +0000");
}

}  // namespace levada::generate

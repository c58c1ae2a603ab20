// When a list is fetched: once, at intervals, or at the times of a cron expression.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>

#include "levada/result.h"

namespace levada::http_fetch {

// Minute, hour, day of the month, month and day of the week, in UTC: "0 3 * * *". Names of months
// and days, lists, ranges and steps; "@daily" and its like. A day matches where either of the two
// does, if both are given.
class Cron {
 public:
  static Result<Cron> parse(const std::string& text);
  // The first time behind that one, both in seconds since 1970; INT64_MAX where none comes.
  int64_t next(int64_t after) const;

 private:
  Cron() = default;
  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_;
  std::bitset<13> months_;
  std::bitset<8> weekdays_;
  bool any_day_ = false, any_weekday_ = false;
};

struct Schedule {
  int64_t every_ns = 0;  // 0: not by an interval.
  std::optional<Cron> cron;

  bool is_once() const { return every_ns == 0 && !cron; }
  // When the next fetch is due, in nanoseconds since 1970. `last_ns`: of the one before; 0: there
  // was none.
  int64_t due(int64_t last_ns, int64_t now_ns) const;
};

}  // namespace levada::http_fetch

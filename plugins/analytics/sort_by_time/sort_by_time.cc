// The interceptor `sort_by_time`.
#include "sort_by_time.h"

namespace levada::sort_by_time {

Result<std::unique_ptr<SortByTime>> SortByTime::create(const Settings& settings, Host host) {
  LEVADA_TRY(analytics::check(settings));
  return std::unique_ptr<SortByTime>(new SortByTime(settings, host));
}

SortByTime::SortByTime(const Settings& settings, Host host)
    : EventByEvent(settings, "sort_by_time 1", "time: " + settings.time, host) {}

}  // namespace levada::sort_by_time

LEVADA_PLUGIN("sort_by_time", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::sort_by_time::SortByTime>(
                  "sort_by_time", "Brings rows into the order of their event times, also over several partitions."))

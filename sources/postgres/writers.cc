#include "writers.h"

#include <algorithm>
#include <utility>

namespace levada::postgres_source {

// Who writes to a table has this lock before the statement gives a row its number, and until the
// transaction ends. Which tables the query reads is known by the locks of our own; the first 16384
// identifiers are those of PostgreSQL's catalogs.
std::string_view writers_sql() {
  return "SELECT DISTINCT l.virtualtransaction, l.pid::text FROM pg_catalog.pg_locks AS l "
         "WHERE l.locktype = 'relation' AND l.mode = 'RowExclusiveLock' AND l.granted AND (l.database, l.relation) IN "
         "(SELECT o.database, o.relation FROM pg_catalog.pg_locks AS o WHERE o.locktype = 'relation' AND o.granted "
         "AND o.pid = pg_catalog.pg_backend_pid() AND o.relation >= 16384)";
}

void WriterWait::update(std::vector<Writer> now) {
  // One that is prepared meanwhile goes on under another number: while there are others left, any
  // that is prepared may be one of them.
  const bool may_be_prepared = std::ranges::any_of(left_, [](const Writer& each) { return !each.process.empty(); });
  std::erase_if(now, [&](const Writer& each) {
    const bool is_known =
        std::ranges::any_of(left_, [&](const Writer& old) { return old.transaction == each.transaction; });
    return !is_known && !(may_be_prepared && each.process.empty());
  });
  left_ = std::move(now);
}

std::string WriterWait::shown() const {
  std::string all;
  for (const auto& each : left_) {
    if (!all.empty()) all += ", ";
    all += each.process.empty() ? "prepared " + each.transaction : each.process;
  }
  return all;
}

}  // namespace levada::postgres_source

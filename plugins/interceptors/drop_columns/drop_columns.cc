// The interceptor `drop_columns`.
#include "drop_columns.h"

#include <fnmatch.h>

#include <algorithm>

namespace levada::drop_columns {

Result<std::unique_ptr<DropColumns>> DropColumns::create(Settings settings, Host) {
  if (settings.columns.empty() == settings.keep.empty())
    return wrong("columns", settings.keep.empty() ? "set `columns`, what to remove, or `keep`, what to leave"
                                                  : "`columns` and `keep` exclude each other: set one of them");
  return std::unique_ptr<DropColumns>(new DropColumns(std::move(settings)));
}

bool DropColumns::goes(const std::string& column) const {
  const auto matches = [&](const std::string& pattern) { return fnmatch(pattern.c_str(), column.c_str(), 0) == 0; };
  if (settings_.keep.empty()) return std::any_of(settings_.columns.begin(), settings_.columns.end(), matches);
  return std::none_of(settings_.keep.begin(), settings_.keep.end(), matches);
}

Done DropColumns::intercept(Batch& batch) {
  std::vector<std::string> dropped;
  for (const auto& column : batch.columns())
    if (goes(column.name())) dropped.push_back(column.name());
  for (const auto& name : dropped) batch.remove(name);
  return {};
}

}  // namespace levada::drop_columns

LEVADA_PLUGIN("drop_columns", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::drop_columns::DropColumns>("drop_columns",
                                                                     "Removes columns, or all but some."))

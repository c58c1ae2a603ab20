// The interceptor `rename`.
#include "rename.h"

#include <set>

namespace levada::rename {

Result<std::unique_ptr<Rename>> Rename::create(Settings settings, Host host) {
  if (settings.columns.empty()) return wrong("columns", "say which columns to rename: columns = { old = \"new\" }");
  std::set<std::string> taken;
  for (const auto& [from, to] : settings.columns) {
    if (from.empty() || to.empty()) return wrong("columns." + from, "a column needs a name");
    if (!taken.insert(to).second)
      return wrong("columns." + from, "another column gets the name \"" + to + "\" already");
  }
  return std::unique_ptr<Rename>(new Rename(settings, host));
}

Rename::Rename(const Settings& settings, Host host)
    : names_(settings.columns.begin(), settings.columns.end()), missing_(host.counter("columns_missing")) {}

Done Rename::intercept(Batch& batch) {
  // All at once, so that two columns can change their names for each other's.
  const auto before = batch.columns();
  std::set<std::string_view> given;
  for (const auto& [from, to] : names_) {
    if (batch.find(from)) given.insert(to);
    else missing_.add();
  }
  if (given.empty()) return {};
  for (const auto& column : before) batch.remove(column.name());
  for (const auto& column : before) {
    const auto renamed = names_.find(column.name());
    if (renamed != names_.end()) batch.set(column.renamed(renamed->second));
    // A column whose name another has now got is gone.
    else if (!given.contains(column.name())) batch.set(column);
  }
  return {};
}

}  // namespace levada::rename

LEVADA_PLUGIN("rename", "0.1.0", "Apache-2.0",
              levada::interceptor<levada::rename::Rename>("rename", "Gives columns other names."))

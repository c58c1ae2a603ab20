#include "agent/cli/reload/reload_plan.h"

#include <set>

namespace levada::agent {

std::string plugin_of(const std::string& table) {
  const auto line = table.substr(0, table.find('\n'));
  return line.find('|') == line.npos ? "" : line;
}

ReloadPlan plan_reload(const std::vector<RunningTables>& running, const std::vector<FlowTables>& wanted) {
  ReloadPlan plan;
  std::vector<bool> goes_on(wanted.size());
  FlowTables before;
  std::set<std::string> plugins;
  for (size_t at = 0; at < running.size(); ++at) {
    const auto& [tables, is_down] = running[at];
    before.insert(tables.begin(), tables.end());
    for (const auto& [path, table] : tables) plugins.insert(plugin_of(table));
    bool is_wanted = false;
    for (size_t other = 0; other < wanted.size() && !is_down && !is_wanted; ++other)
      if (wanted[other] == tables) goes_on[other] = is_wanted = true;
    if (!is_wanted) plan.leaving.push_back(at);
  }
  std::set<std::string> added, changed, restarted, kept, fresh;
  FlowTables after;
  for (size_t at = 0; at < wanted.size(); ++at) {
    if (!goes_on[at]) plan.entering.push_back(at);
    for (const auto& [path, table] : wanted[at]) {
      after[path] = table;
      const auto old = before.find(path);
      if (old == before.end()) added.insert(path);
      else if (old->second != table) changed.insert(path);
      else if (goes_on[at]) kept.insert(path);
      else restarted.insert(path);
      if (const auto plugin = plugin_of(table); !plugin.empty() && !goes_on[at] && !plugins.contains(plugin))
        fresh.insert(plugin.substr(0, plugin.find('|')));
    }
  }
  // An interceptor may stand in a flow that goes on and in one that does not.
  for (const auto& path : kept) restarted.erase(path);
  plan.added.assign(added.begin(), added.end());
  plan.changed.assign(changed.begin(), changed.end());
  plan.restarted.assign(restarted.begin(), restarted.end());
  plan.kept.assign(kept.begin(), kept.end());
  plan.plugins.assign(fresh.begin(), fresh.end());
  for (const auto& [path, table] : before)
    if (!after.contains(path)) plan.removed.push_back(path);
  return plan;
}

}  // namespace levada::agent

#include "agent/cli/reload/reload.h"

#include "agent/cli/file_limit.h"
#include "agent/cli/reload/check_process.h"
#include "agent/cli/reload/ways.h"
#include "agent/config/agent_options.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

using Reloaded = ReloadAnswer::Outcome;

}  // namespace

std::vector<std::string> changed_options(const AgentConfig& running, const AgentConfig& wanted,
                                         Diagnostics& diagnostics) {
  std::vector<std::string> taken_over;
  const auto before = running.settings.exact(), after = wanted.settings.exact();
  for (const auto& option : agent_options(TableKind::agent)) {
    const std::string name = option.name;
    const auto value = [&](const auto& values) {
      const auto found = values.find(name);
      return found == values.end() ? std::string() : found->second;
    };
    if (value(before) == value(after)) continue;
    if (is_reloadable(name)) taken_over.push_back(name);
    else
      diagnostics.add(wanted.settings.locate(name), "agent." + name,
                      "needs a restart: it cannot change while the agent runs");
  }
  return taken_over;
}

ReloadAnswer reload(const std::string& config, RunningFlows& flows) {
  const auto checked = check_in_process(config, [&] { return flows.is_stopping(); });
  if (flows.is_stopping()) return not_reloaded(Reloaded::stopped, {});
  if (!checked.verdict) return not_reloaded(Reloaded::refused, {checked.failure});
  Diagnostics diagnostics;
  const auto wanted = std::make_shared<const Configuration>(load_beside(config, diagnostics));
  if (*checked.verdict != kOk) {
    flows.try_out(*wanted, diagnostics);
    if (diagnostics.empty())
      return not_reloaded(Reloaded::refused, {config + " was changed while it was checked: reload again"});
  }
  if (!diagnostics.empty()) return refused_for(diagnostics);
  const auto running = flows.configuration();
  auto options = changed_options(running->agent, wanted->agent, diagnostics);
  check_ways(running->topology, wanted->topology, diagnostics);
  if (!diagnostics.empty()) return refused_for(diagnostics);
  raise_file_limit(wanted->topology);
  auto answer = flows.replace(wanted);
  if (answer.is_good()) {
    set_log_level(static_cast<int32_t>(wanted->agent.log_level));
    if (!options.empty()) answer.outcome = Reloaded::done;
    answer.options = std::move(options);
    for (auto& each : warn_of_new_readers(running->topology, wanted->topology))
      answer.warnings.push_back(std::move(each));
  }
  for (const auto& each : wanted->registry.refused()) answer.warnings.push_back("plugins: refused: " + each.reason);
  return answer;
}

}  // namespace levada::agent

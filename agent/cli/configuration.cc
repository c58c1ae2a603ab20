#include "agent/cli/configuration.h"

#include <cstdio>
#include <string_view>
#include <utility>

#include "agent/observe/log.h"

namespace levada::agent {
namespace {

Configuration load(const std::string& path, Diagnostics& diagnostics, bool sets_log_level) {
  Configuration loaded;
  auto document = read_document(path, diagnostics);
  const bool is_whole = document.has_value();
  Diagnostics ignored;
  // Of a file that is no TOML, as far as it can be read: a run that it ends goes to its status_log.
  if (!is_whole) document = read_agent_table(path, ignored).value_or(Document{});
  loaded.secrets = document->secrets;
  add_log_secrets(document->secrets);
  loaded.agent = read_agent(*document, is_whole ? diagnostics : ignored);
  if (!is_whole) return loaded;
  if (sets_log_level) set_log_level(static_cast<int32_t>(loaded.agent.log_level));
  loaded.registry.scan(plugin_folders(loaded.agent.plugin_dirs));
  loaded.topology = read_topology(*document, loaded.registry, diagnostics);
  // A plugin that the configuration names may turn out to be none when it is asked for.
  for (const auto& refused : loaded.registry.refused()) log_warning("plugins", "refused: " + refused.reason);
  loaded.registry.forget_unloaded();
  return loaded;
}

// The message of a finding begins with the path that it is about: whether that is only for an
// agent that runs.
bool is_of_running(std::string_view message) {
  return message.starts_with("sources.") || message.starts_with("interceptors.") || message.starts_with("sinks.") ||
         message.starts_with("sink_groups.") || message.starts_with("agent.status_");
}

}  // namespace

Configuration load_beside(const std::string& path, Diagnostics& diagnostics) { return load(path, diagnostics, false); }

Configuration load_configuration(const std::string& path, Diagnostics& diagnostics) {
  return load(path, diagnostics, true);
}

Configuration load_for_inspection(const std::string& path, Diagnostics& diagnostics) {
  Configuration loaded;
  Diagnostics found;
  const auto document = read_document(path, found);
  if (!document) {
    diagnostics = std::move(found);
    return loaded;
  }
  loaded.secrets = document->secrets;
  add_log_secrets(document->secrets);
  loaded.agent = read_agent(*document, found);
  for (auto& each : found.sorted())
    if (!is_of_running(each.message)) diagnostics.add(std::move(each.location), std::move(each.message));
  Diagnostics ignored;
  loaded.topology = read_topology(*document, loaded.registry, ignored);
  return loaded;
}

std::set<std::string> component_paths(const Topology& topology) {
  std::set<std::string> paths;
  for (const auto& each : topology.sources) paths.insert(each.path);
  for (const auto& each : topology.interceptors) paths.insert(each.path);
  for (const auto& each : topology.sinks) paths.insert(each.path);
  return paths;
}

bool refused(const Diagnostics& diagnostics) {
  if (!diagnostics.empty()) std::fputs(diagnostics.text().c_str(), stderr);
  return !diagnostics.empty();
}

}  // namespace levada::agent

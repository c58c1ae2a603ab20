// levada plugins: what there is, what it can do, and how to start another.
#include <cstdio>
#include <filesystem>

#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/cli/new_plugin.h"
#include "agent/config/describe.h"
#include "agent/config/nearest.h"

namespace levada::agent {
namespace {

constexpr uint32_t kKinds[] = {LEVADA_SOURCE, LEVADA_INTERCEPTOR, LEVADA_SINK};

Registry load_registry(const std::string& config, Diagnostics& diagnostics) {
  std::vector<std::string> configured;
  if (!config.empty()) {
    // Only its plugin folders matter here.
    Diagnostics ignored;
    if (const auto document = read_document(config, diagnostics))
      configured = read_agent(*document, ignored).plugin_dirs;
  }
  Registry registry;
  registry.scan(plugin_folders(configured));
  return registry;
}

std::string describe(const levada_component& component, const std::string& format) {
  if (format == "markdown") return options_as_markdown({component.options, component.option_count});
  if (format == "sample") return sample_of(component, "NAME");
  return describe_component(component);
}

std::vector<std::string> all_names(const Registry& registry) {
  std::vector<std::string> names = {"agent"};
  for (const auto& [type, summary] : channel_types()) names.push_back(type);
  for (const uint32_t kind : kKinds)
    for (auto& name : registry.names(kind)) names.push_back(std::move(name));
  return names;
}

int describe_type(const Registry& registry, const PluginsRequest& request) {
  auto found = registry.find_all(request.name);
  if (!request.kind.empty())
    std::erase_if(found, [&](const levada_component* each) { return kind_name(each->kind) != request.kind; });
  for (const auto* component : found) std::printf("%s\n", describe(*component, request.format).c_str());
  const auto table = request.kind.empty() || request.kind == "channel" ? describe_table(request.name) : std::nullopt;
  if (table) std::printf("%s\n", table->c_str());
  if (!found.empty() || table) return kOk;
  // What was refused is no component, but the user most likely means its file.
  bool is_refused = false;
  for (const auto& [path, reason] : registry.refused()) {
    if (std::filesystem::path(path).stem() != request.name) continue;
    std::fprintf(stderr, "refused: %s\n", reason.c_str());
    is_refused = true;
  }
  if (is_refused) return kFailed;
  std::fprintf(stderr, "no %s is of the type \"%s\"%s\n", request.kind.empty() ? "component" : request.kind.c_str(),
               request.name.c_str(), did_you_mean(request.name, all_names(registry)).c_str());
  return kFailed;
}

void list_all(const Registry& registry, const std::vector<Registry::Loaded>& plugins) {
  for (const uint32_t kind : kKinds) {
    std::printf("%ss\n", kind_name(kind));
    for (const auto& name : registry.names(kind))
      std::printf("  %-18s %s\n", name.c_str(), registry.find(kind, name)->summary);
  }
  std::printf("channels\n");
  for (const auto& [type, summary] : channel_types()) std::printf("  %-18s %s\n", type, summary);
  std::printf("plugins\n");
  for (const auto& [path, plugin] : plugins)
    std::printf("  %-18s %s, ABI %d.%u, %s  %s\n", plugin->name, plugin->version, LEVADA_ABI_MAJOR, plugin->abi_minor,
                plugin->license, path.c_str());
  for (const auto& [path, reason] : registry.refused()) std::printf("  refused: %s\n", reason.c_str());
}

}  // namespace

int show_plugins(const PluginsRequest& request) {
  Diagnostics diagnostics;
  const auto registry = load_registry(request.config, diagnostics);
  if (refused(diagnostics)) return kBadConfiguration;
  const auto plugins = registry.load_all();
  if (request.format == "schema") {
    std::printf("%s\n", json_schema(registry).c_str());
    return kOk;
  }
  if (request.format == "reference") {
    std::fputs(reference_page(registry).c_str(), stdout);
    return kOk;
  }
  if (!request.name.empty()) return describe_type(registry, request);
  list_all(registry, plugins);
  return kOk;
}

int start_plugin(const std::string& kind, bool in_c, const std::string& name, const std::string& folder) {
  if (auto done = new_plugin(kind, in_c, name, folder); !done) {
    std::fprintf(stderr, "%s\n", done.error().message.c_str());
    return kFailed;
  }
  std::printf(
      "%s: a plugin that builds. Next:\n  cmake -S %s -B %s/build && cmake --build %s/build && ctest --test-dir "
      "%s/build\n",
      folder.c_str(), folder.c_str(), folder.c_str(), folder.c_str(), folder.c_str());
  return kOk;
}

}  // namespace levada::agent

#include "agent/plugin_host/registry.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "agent/plugin_host/library.h"
#include "agent/plugin_host/plugin_scan.h"
#include "agent/plugin_host/writers.h"

namespace levada::agent {
namespace fs = std::filesystem;

namespace {

// For one plugin; many load in a hundredth of it, also on a slow machine.
constexpr std::chrono::seconds kPatience{30};

struct Candidate {
  PluginImage image;
  bool is_named;
};

// Plugins that this process has loaded, by the identity of their files.
std::map<std::string, const levada_plugin*>& loaded_before() {
  static auto* const all = new std::map<std::string, const levada_plugin*>;
  return *all;
}

Result<const levada_plugin*> load_once(PluginImage image) {
  const std::string identity = image.identity();
  const auto before = loaded_before().find(identity);
  if (before != loaded_before().end()) return before->second;
  auto plugin = load_plugin(std::move(image));
  if (plugin) loaded_before()[identity] = *plugin;
  return plugin;
}

// Why each of them must not be loaded; a child process finds out.
std::vector<std::string> reasons_against(std::vector<Candidate>& candidates) {
  std::vector<std::string> reasons(candidates.size());
  std::vector<size_t> fresh;
  for (size_t number = 0; number < candidates.size(); ++number)
    if (!loaded_before().contains(candidates[number].image.identity())) fresh.push_back(number);
  const auto attempt = [&](size_t at) -> std::string {
    const auto plugin = load_plugin(std::move(candidates[fresh[at]].image));
    if (!plugin) return plugin.error().message;
    for (size_t component = 0; component < (*plugin)->component_count; ++component)
      (void)check_component(*(*plugin)->components[component]);
    return {};
  };
  auto found = try_in_child(fresh.size(), attempt, kPatience);
  for (size_t at = 0; at < fresh.size(); ++at) {
    const auto& path = candidates[fresh[at]].image.path();
    if (!found[at].empty())
      reasons[fresh[at]] = found[at].starts_with(path) ? std::move(found[at]) : path + ": " + found[at];
  }
  return reasons;
}

}  // namespace

const char* kind_name(uint32_t kind) {
  constexpr const char* kNames[] = {"source", "interceptor", "sink"};
  return kind < std::size(kNames) ? kNames[kind] : "unknown";
}

std::vector<PluginFolder> plugin_folders(const std::vector<std::string>& configured) {
  std::vector<PluginFolder> folders;
  for (const auto& folder : configured) folders.push_back({folder, true});
  if (const char* path = std::getenv("LEVADA_PLUGIN_PATH")) {
    const std::string all = path;
    for (size_t at = 0; at < all.size();) {
      const size_t end = std::min(all.find(':', at), all.size());
      if (end > at) folders.push_back({all.substr(at, end - at), true});
      at = end + 1;
    }
  }
  std::error_code failed;
  const auto program = fs::read_symlink("/proc/self/exe", failed).parent_path();
  for (const auto& folder : {program / "plugins", program / ".." / LEVADA_PLUGIN_FOLDER})
    if (fs::is_directory(folder, failed)) folders.push_back({folder.lexically_normal().string(), false});
  return folders;
}

void Registry::load(const std::vector<PluginFolder>& folders) {
  std::set<std::string> seen;
  std::vector<Candidate> candidates;
  for (const auto& folder : folders) {
    std::error_code failed;
    const auto real = fs::canonical(folder.path, failed);
    if (failed) {
      refused_.push_back({folder.path, folder.path + ": " + failed.message()});
      continue;
    }
    if (!seen.insert(real.string()).second) continue;
    if (auto done = check_writers(folder.path); !done) {
      refused_.push_back({folder.path, done.error().message});
      continue;
    }
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(real, failed))
      if (entry.path().extension() == ".so") files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      if (auto image = PluginImage::read(file)) candidates.push_back({*std::move(image), folder.is_named});
      else refused_.push_back({file, image.error().message});
    }
  }
  const auto reasons = reasons_against(candidates);
  for (size_t number = 0; number < candidates.size(); ++number) {
    auto& [image, is_named] = candidates[number];
    const std::string path = image.path();
    auto plugin = reasons[number].empty() ? load_once(std::move(image)) : fatal(reasons[number]);
    if (plugin) take(path, is_named, *plugin);
    else refused_.push_back({path, plugin.error().message});
  }
}

void Registry::take(const std::string& path, bool is_named, const levada_plugin* plugin) {
  for (size_t at = 0; at < plugin->component_count; ++at) {
    const levada_component& component = *plugin->components[at];
    const auto key = std::pair(component.kind, std::string(component.name));
    const std::string what = std::string("the ") + kind_name(component.kind) + " " + component.name;
    std::string reason;
    if (const auto found = components_.find(key); found != components_.end()) {
      auto& known = found->second;
      reason = path + ": " + what + " is already given by " + known.path;
      // Where the user names both folders, their order says which one is meant.
      if ((!known.is_named || !is_named || fs::path(path).parent_path() == fs::path(known.path).parent_path()) &&
          known.objection.empty())
        known.objection = what + " is given by " + known.path + " and by " + path +
                          "; name the folders of both in plugin_dirs, the preferred one first, or rename one of them";
    }
    for (const auto& fault : check_component(component)) reason = path + ": " + fault;
    if (reason.empty()) components_[key] = {&component, path, is_named, ""};
    else refused_.push_back({path, reason});
  }
  loaded_.push_back({path, plugin});
}

const levada_component* Registry::find(uint32_t kind, std::string_view type) const {
  const auto found = components_.find(std::pair(kind, std::string(type)));
  return found == components_.end() ? nullptr : found->second.component;
}

std::string Registry::objection(uint32_t kind, std::string_view type) const {
  const auto found = components_.find(std::pair(kind, std::string(type)));
  return found == components_.end() ? std::string() : found->second.objection;
}

std::vector<std::string> Registry::names(uint32_t kind) const {
  std::vector<std::string> all;
  for (const auto& [key, component] : components_)
    if (key.first == kind) all.push_back(key.second);
  return all;
}

std::vector<const levada_component*> Registry::find_all(std::string_view type) const {
  std::vector<const levada_component*> all;
  for (const auto& [key, component] : components_)
    if (key.second == type) all.push_back(component.component);
  return all;
}

}  // namespace levada::agent

#include "agent/plugin_host/registry.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "agent/plugin_host/library.h"

namespace levada::agent {
namespace fs = std::filesystem;

const char* kind_name(uint32_t kind) {
  constexpr const char* kNames[] = {"source", "interceptor", "sink"};
  return kind < std::size(kNames) ? kNames[kind] : "unknown";
}

std::vector<std::string> default_plugin_folders() {
  std::vector<std::string> folders;
  if (const char* path = std::getenv("LEVADA_PLUGIN_PATH")) {
    const std::string all = path;
    for (size_t at = 0; at < all.size();) {
      const size_t end = std::min(all.find(':', at), all.size());
      if (end > at) folders.push_back(all.substr(at, end - at));
      at = end + 1;
    }
  }
  std::error_code failed;
  const auto program = fs::read_symlink("/proc/self/exe", failed).parent_path();
  for (const auto& folder : {program / "plugins", program / ".." / LEVADA_PLUGIN_FOLDER})
    if (fs::is_directory(folder, failed)) folders.push_back(folder.lexically_normal().string());
  return folders;
}

void Registry::load(const std::vector<std::string>& folders) {
  std::set<std::string> seen;
  for (const auto& folder : folders) {
    std::error_code failed;
    const auto real = fs::canonical(folder, failed);
    if (failed) {
      refused_.push_back({folder, folder + ": " + failed.message()});
      continue;
    }
    if (!seen.insert(real.string()).second) continue;
    if (auto done = check_writers(real.string()); !done) {
      refused_.push_back({real.string(), done.error().message});
      continue;
    }
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(real, failed))
      if (entry.path().extension() == ".so") files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) load_file(file);
  }
}

void Registry::load_file(const std::string& path) {
  auto plugin = load_plugin(path);
  if (!plugin) {
    refused_.push_back({path, plugin.error().message});
    return;
  }
  for (size_t at = 0; at < (*plugin)->component_count; ++at) {
    const levada_component& component = *(*plugin)->components[at];
    std::string reason;
    const auto key = std::pair(component.kind, std::string(component.name));
    if (const auto known = components_.find(key); known != components_.end())
      reason = path + ": the " + kind_name(component.kind) + " " + component.name + " is already given by " +
               known->second.second;
    for (const auto& fault : check_component(component)) reason = path + ": " + fault;
    if (reason.empty()) components_[key] = {&component, path};
    else refused_.push_back({path, reason});
  }
  loaded_.push_back({path, *plugin});
}

const levada_component* Registry::find(uint32_t kind, std::string_view type) const {
  const auto found = components_.find(std::pair(kind, std::string(type)));
  return found == components_.end() ? nullptr : found->second.first;
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
    if (key.second == type) all.push_back(component.first);
  return all;
}

}  // namespace levada::agent

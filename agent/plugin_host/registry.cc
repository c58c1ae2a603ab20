#include "agent/plugin_host/registry.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "agent/plugin_host/library.h"
#include "agent/plugin_host/plugin_index.h"
#include "agent/plugin_host/plugin_trials.h"
#include "agent/plugin_host/writers.h"

namespace levada::agent {
namespace fs = std::filesystem;

namespace {

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
  // The last: of /usr/bin/levada, for plugins that no package brings.
  for (const auto& folder :
       {program / "plugins", program / ".." / LEVADA_PLUGIN_FOLDER, program / "../local" / LEVADA_PLUGIN_FOLDER})
    if (fs::is_directory(folder, failed)) folders.push_back({folder.lexically_normal().string(), false});
  return folders;
}

void Registry::scan(const std::vector<PluginFolder>& folders) {
  std::set<std::string> seen;
  std::vector<std::optional<std::vector<IndexedComponent>>> indexes;
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
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(real, failed))
      if (entry.path().extension() == ".so") paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    for (const auto& path : paths) {
      files_.push_back({path, folder.is_named, {}});
      indexes.push_back(read_plugin_index(path));
    }
  }
  std::vector<File*> unknown;
  for (size_t at = 0; at < files_.size(); ++at)
    if (!indexes[at]) unknown.push_back(&files_[at]);
  prepare(unknown);
  for (size_t at = 0; at < files_.size(); ++at) {
    if (indexes[at]) {
      for (const auto& [kind, name] : *indexes[at]) take(at, kind, name, "");
    } else if (files_[at].image) {
      const auto scanned = PluginTrials::of_process().result(files_[at].image->identity(), files_[at].path);
      for (const auto& [kind, name, fault] : scanned.components) take(at, kind, name, fault);
    }
  }
}

void Registry::forget_unloaded() {
  for (const auto& file : files_)
    if (file.plugin) loaded_.push_back({file.path, file.plugin});
  files_.clear();
}

void Registry::prepare(const std::vector<File*>& files) const {
  std::vector<PluginImage*> images;
  for (auto* file : files) {
    if (file->image || file->plugin || file->is_refused) continue;
    auto image = PluginImage::read(file->path);
    if (image) images.push_back(&file->image.emplace(*std::move(image)));
    else refused_.push_back({file->path, image.error().message});
    file->is_refused = !image;
  }
  PluginTrials::of_process().try_all(images);
  for (auto* file : files) {
    if (!file->image) continue;
    auto scanned = PluginTrials::of_process().result(file->image->identity(), file->path);
    if (scanned.reason.empty()) continue;
    refused_.push_back({file->path, std::move(scanned.reason)});
    file->image.reset();
    file->is_refused = true;
  }
}

void Registry::take(size_t file, uint32_t kind, const std::string& name, const std::string& fault) {
  const auto& path = files_[file].path;
  const bool is_named = files_[file].is_named;
  const auto key = std::pair(kind, name);
  const std::string what = std::string("the ") + kind_name(kind) + " " + name;
  std::string reason;
  if (const auto found = components_.find(key); found != components_.end()) {
    auto& known = found->second;
    const auto& other = files_[known.file];
    reason = path + ": " + what + " is already given by " + other.path;
    // Where the user names both folders, their order says which one is meant.
    if ((!other.is_named || !is_named || fs::path(path).parent_path() == fs::path(other.path).parent_path()) &&
        known.objection.empty())
      known.objection = what + " is given by " + other.path + " and by " + path +
                        "; name the folders of both in plugin_dirs, the preferred one first, or rename one of them";
  }
  if (!fault.empty()) reason = path + ": " + fault;
  if (reason.empty()) components_[key] = {file, ""};
  else refused_.push_back({path, reason});
}

const levada_plugin* Registry::load(File& file) const {
  prepare({&file});
  if (!file.image) return file.plugin;
  file.identity = file.image->identity();
  auto plugin = load_once(*std::move(file.image));
  file.image.reset();
  if (plugin) file.plugin = *plugin;
  else refused_.push_back({file.path, plugin.error().message});
  file.is_refused = !plugin;
  return file.plugin;
}

const levada_component* Registry::load(const std::pair<uint32_t, std::string>& key, Known& known) const {
  if (known.component || known.is_refused || files_.empty()) return known.component;
  auto& file = files_[known.file];
  const auto* plugin = load(file);
  known.plugin = file.identity;
  for (size_t at = 0; plugin && at < plugin->component_count; ++at) {
    const auto* component = plugin->components[at];
    if (component->kind != key.first || component->name != key.second) continue;
    const auto faults = check_component(*component);
    for (const auto& fault : faults) refused_.push_back({file.path, file.path + ": " + fault});
    if (faults.empty()) known.component = component;
  }
  known.is_refused = known.component == nullptr;
  return known.component;
}

const levada_component* Registry::find(uint32_t kind, std::string_view type) const {
  const auto found = components_.find(std::pair(kind, std::string(type)));
  return found == components_.end() ? nullptr : load(found->first, found->second);
}

std::string Registry::objection(uint32_t kind, std::string_view type) const {
  const auto found = components_.find(std::pair(kind, std::string(type)));
  return found == components_.end() ? std::string() : found->second.objection;
}

std::string Registry::plugin(uint32_t kind, std::string_view type) const {
  const auto found = components_.find(std::pair(kind, std::string(type)));
  return found == components_.end() ? std::string() : found->second.plugin;
}

std::vector<std::string> Registry::names(uint32_t kind) const {
  std::vector<std::string> all;
  for (const auto& [key, known] : components_)
    if (key.first == kind && !known.is_refused) all.push_back(key.second);
  return all;
}

std::vector<const levada_component*> Registry::find_all(std::string_view type) const {
  std::vector<const levada_component*> all;
  for (auto& [key, known] : components_) {
    if (key.second != type) continue;
    if (const auto* component = load(key, known)) all.push_back(component);
  }
  return all;
}

std::vector<Registry::Loaded> Registry::load_all() const {
  std::vector<Loaded> all;
  std::vector<File*> files;
  for (auto& file : files_) files.push_back(&file);
  prepare(files);
  for (auto& [key, known] : components_) (void)load(key, known);
  for (auto& file : files_)
    if (const auto* plugin = load(file)) all.push_back({file.path, plugin});
  return all;
}

}  // namespace levada::agent

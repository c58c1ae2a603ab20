#include "agent/plugin_host/library.h"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <deque>
#include <string_view>

namespace levada::agent {
namespace {

constexpr int kMajorMax = 99;

std::string entry_of(int major) { return LEVADA_ENTRY_PREFIX + std::to_string(major); }

// Boost puts its own words around the loader's, which begin with the path, and an errno behind them
// that means nothing.
std::string loader_words(const std::exception& error, const std::string& loadable, const std::string& path) {
  constexpr std::string_view kMark = "dlerror system message: ";
  std::string words = error.what();
  const auto begin = words.find(kMark), end = words.rfind(')');
  if (begin != std::string::npos && end != std::string::npos)
    words = words.substr(begin + kMark.size(), end - begin - kMark.size());
  return words.starts_with(loadable) ? path + words.substr(loadable.size()) : path + ": " + words;
}

Done check_contract(const boost::dll::shared_library& library) {
  if (library.has(entry_of(LEVADA_ABI_MAJOR))) return {};
  for (int major = 0; major <= kMajorMax; ++major) {
    if (major == LEVADA_ABI_MAJOR || !library.has(entry_of(major))) continue;
    const std::string theirs = std::to_string(major), ours = std::to_string(LEVADA_ABI_MAJOR);
    return fatal("is built for version " + theirs + " of the plugin contract, this agent speaks version " + ours +
                 (major < LEVADA_ABI_MAJOR ? ": rebuild the plugin against this agent's SDK"
                                           : ": upgrade the agent, or rebuild the plugin against this agent's SDK"));
  }
  return fatal("is no levada plugin: it does not export " + entry_of(LEVADA_ABI_MAJOR));
}

Done check_component(const levada_component* component) {
  if (!component || component->size < LEVADA_COMPONENT_SIZE_MIN)
    return fatal("has a component that is smaller than in version 1.0 of the contract");
  if (!component->name || !component->summary || !component->functions || !component->create || !component->destroy)
    return fatal("has a component without name, summary, functions, create or destroy");
  if (component->kind > LEVADA_SINK)
    return fatal(std::string("component ") + component->name + " is of a kind that this agent does not know");
  constexpr size_t kFunctionsMin[] = {LEVADA_SOURCE_FUNCTIONS_SIZE_MIN, LEVADA_INTERCEPTOR_FUNCTIONS_SIZE_MIN,
                                      LEVADA_SINK_FUNCTIONS_SIZE_MIN};
  // Functions of each kind begin with their size.
  if (*static_cast<const uint32_t*>(component->functions) < kFunctionsMin[component->kind])
    return fatal(std::string("component ") + component->name +
                 " has fewer functions than version 1.0 of the contract asks for");
  return {};
}

struct Loaded {
  PluginImage image;
  boost::dll::shared_library library;
};

// What the loader is given. It knows libraries by their paths and their inodes: of a file that is
// no copy and was replaced it would give the old one, so the same path is written in another way.
Result<std::string> spelling_of(const PluginImage& image, const std::deque<Loaded>& loaded) {
  if (image.is_copy()) return image.loadable();
  std::string again;
  for (const auto& before : loaded) {
    if (before.image.is_copy() || before.image.path() != image.path()) continue;
    if (before.image.inode() == image.inode())
      return fatal(image.path() +
                   ": was written over in place, and this process uses it: put a new file there by renaming, or "
                   "restart the agent");
    again += "./";
  }
  const auto name = image.path().rfind('/') + 1;
  return image.path().substr(0, name) + again + image.path().substr(name);
}

}  // namespace

Result<const levada_plugin*> load_plugin(PluginImage image) {
  // Never unloaded: threads and thread-local objects of a plugin may outlive its last component.
  static auto* const kLoaded = new std::deque<Loaded>;
  const auto spelled = spelling_of(image, *kLoaded);
  if (!spelled) return spelled.error();
  const std::string& loadable = *spelled;
  auto& loaded = kLoaded->emplace_back(std::move(image), boost::dll::shared_library());
  const std::string& path = loaded.image.path();
  try {
    auto& library = loaded.library;
    library.load(loadable, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (auto done = check_contract(library); !done) return std::move(done).error().at(path);
    const levada_plugin* plugin = library.get<const levada_plugin*()>(entry_of(LEVADA_ABI_MAJOR))();
    if (!plugin || plugin->size < LEVADA_PLUGIN_SIZE_MIN)
      return fatal(path + ": gives a description that is smaller than in version 1.0 of the contract");
    for (size_t at = 0; at < plugin->component_count; ++at)
      if (auto done = check_component(plugin->components[at]); !done) return std::move(done).error().at(path);
    return plugin;
  } catch (const std::exception& error) {
    return fatal(loader_words(error, loadable, path));
  } catch (...) {
    return fatal(path + ": its entry threw something that is no std::exception");
  }
}

}  // namespace levada::agent

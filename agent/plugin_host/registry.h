// All plugins of the plugin folders, and the components in them by kind and type.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config/topology.h"
#include "agent/plugin_host/plugin_image.h"
#include "levada/plugin.h"
#include "levada/result.h"

namespace levada::agent {

struct PluginFolder {
  std::string path;
  bool is_named = false;  // By the user, who means it to stand before those that follow.
};

class Registry : public ComponentCatalogue {
 public:
  struct Loaded {
    std::string path;
    const levada_plugin* plugin;
  };
  struct Refused {
    std::string path, reason;
  };

  // Looks at every .so of the folders, in the order of their names. What it has stands in a section
  // of the file, or a child process loads it and says so. This process loads those only that it is
  // asked for, each tried in a child before. A folder that is missing is refused with the reason.
  void scan(const std::vector<PluginFolder>& folders);
  // No other plugin will be asked for.
  void forget_unloaded();

  const levada_component* find(uint32_t kind, std::string_view type) const override;
  std::string objection(uint32_t kind, std::string_view type) const override;
  std::string plugin(uint32_t kind, std::string_view type) const override;
  std::vector<std::string> names(uint32_t kind) const override;

  // All of them. Behind it the names are those of components that can be used.
  std::vector<Loaded> load_all() const;
  // Those that were asked for, once no other will be.
  const std::vector<Loaded>& loaded() const { return loaded_; }
  const std::vector<Refused>& refused() const { return refused_; }
  // The components of that type, of whatever kind.
  std::vector<const levada_component*> find_all(std::string_view type) const;

 private:
  struct File {
    std::string path;
    bool is_named;                     // Its folder is.
    std::optional<PluginImage> image;  // That was tried, and is to be loaded.
    bool is_refused = false;
    const levada_plugin* plugin = nullptr;
    std::string identity = {};  // Of the image that was loaded.
  };
  // A component, and the file that it comes from.
  struct Known {
    size_t file;
    std::string objection;                        // Why nobody may use it.
    const levada_component* component = nullptr;  // Once it was asked for,
    bool is_refused = false;                      // and turned out to be none.
    std::string plugin = {};                      // The identity of the file that was loaded for it.
  };
  void take(size_t file, uint32_t kind, const std::string& name, const std::string& fault);
  // Reads and tries those that were not yet.
  void prepare(const std::vector<File*>& files) const;
  const levada_plugin* load(File& file) const;
  const levada_component* load(const std::pair<uint32_t, std::string>& key, Known& known) const;

  mutable std::vector<File> files_;
  mutable std::vector<Refused> refused_;
  std::vector<Loaded> loaded_;
  mutable std::map<std::pair<uint32_t, std::string>, Known, std::less<>> components_;
};

// Those of the configuration, of LEVADA_PLUGIN_PATH, beside the program, and ../lib/levada/plugins.
std::vector<PluginFolder> plugin_folders(const std::vector<std::string>& configured);

const char* kind_name(uint32_t kind);  // "source"

}  // namespace levada::agent

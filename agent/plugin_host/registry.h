// All plugins of the plugin folders, and the components in them by kind and type.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/config/topology.h"
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

  // Loads every .so of the folders, in the order of their names. Each is tried in a child process
  // first. A folder that is missing is refused with the reason.
  void load(const std::vector<PluginFolder>& folders);

  const levada_component* find(uint32_t kind, std::string_view type) const override;
  std::string objection(uint32_t kind, std::string_view type) const override;
  std::vector<std::string> names(uint32_t kind) const override;

  const std::vector<Loaded>& loaded() const { return loaded_; }
  const std::vector<Refused>& refused() const { return refused_; }
  // The components of that type, of whatever kind.
  std::vector<const levada_component*> find_all(std::string_view type) const;

 private:
  // A component, and where it comes from.
  struct Known {
    const levada_component* component;
    std::string path;
    bool is_named;          // Its folder is.
    std::string objection;  // Why nobody may use it.
  };
  void take(const std::string& path, bool is_named, const levada_plugin* plugin);

  std::vector<Loaded> loaded_;
  std::vector<Refused> refused_;
  std::map<std::pair<uint32_t, std::string>, Known, std::less<>> components_;
};

// Those of the configuration, of LEVADA_PLUGIN_PATH, beside the program, and ../lib/levada/plugins.
std::vector<PluginFolder> plugin_folders(const std::vector<std::string>& configured);

const char* kind_name(uint32_t kind);  // "source"

}  // namespace levada::agent

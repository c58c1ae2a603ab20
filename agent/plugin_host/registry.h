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

class Registry : public ComponentCatalogue {
 public:
  struct Loaded {
    std::string path;
    const levada_plugin* plugin;
  };
  struct Refused {
    std::string path, reason;
  };

  // Loads every .so of the folders, in the order of their names. A folder that is missing is
  // refused with the reason.
  void load(const std::vector<std::string>& folders);

  const levada_component* find(uint32_t kind, std::string_view type) const override;
  std::vector<std::string> names(uint32_t kind) const override;

  const std::vector<Loaded>& loaded() const { return loaded_; }
  const std::vector<Refused>& refused() const { return refused_; }
  // The components of that type, of whatever kind.
  std::vector<const levada_component*> find_all(std::string_view type) const;

 private:
  void load_file(const std::string& path);

  std::vector<Loaded> loaded_;
  std::vector<Refused> refused_;
  std::map<std::pair<uint32_t, std::string>, std::pair<const levada_component*, std::string>, std::less<>> components_;
};

// Where plugins lie if nothing says otherwise: LEVADA_PLUGIN_PATH, then beside the program, then
// ../lib/levada/plugins.
std::vector<std::string> default_plugin_folders();

const char* kind_name(uint32_t kind);  // "source"

}  // namespace levada::agent

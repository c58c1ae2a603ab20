// A topology as it is shown to people and programs: made once, never changed, free of secrets.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/secrets.h"
#include "agent/config/topology.h"
#include "agent/plugin_host/registry.h"

namespace levada::agent {

struct TopologyView {
  enum class Kind { source, interceptor, channel, sink, sink_group };
  struct Component {
    Kind kind;
    std::string path, name, type;           // "sources.clicks", "clicks", "spool"
    std::string options;                    // Lines of TOML, defaults included.
    std::vector<std::string> interceptors;  // Paths, in the order of the chain.
    std::vector<std::string> channels;      // That a source writes to; that a sink or group reads.
    std::vector<std::string> sinks;         // Of a group.
  };
  struct Plugin {
    std::string name, version, license, file, state;  // "loaded", or why it was refused.
  };

  std::string file;   // Of the configuration.
  std::string agent;  // [agent], as lines of TOML.
  int64_t memory_bytes = 0;
  std::string dead_letters;  // Their folder.
  std::vector<Component> components;
  std::vector<std::pair<std::string, std::string>> edges;  // From path to path, each once.
  std::vector<Plugin> plugins;

  const Component* find(const std::string& path) const;
};

std::shared_ptr<const TopologyView> make_view(const std::string& file, const AgentConfig& agent,
                                              const Topology& topology, const Registry& registry,
                                              const Secrets& secrets);

// "source", "sink_group": as it is written in JSON and in labels.
const char* name_of(TopologyView::Kind kind);

}  // namespace levada::agent

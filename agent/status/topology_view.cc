#include "agent/status/topology_view.h"

#include <algorithm>

namespace levada::agent {
namespace {

using Kind = TopologyView::Kind;

class ViewMaker {
 public:
  ViewMaker(const Topology& topology, const Secrets& secrets) : topology_(topology), secrets_(secrets) {}

  void add_all(TopologyView& view) {
    for (const auto& config : topology_.sources) {
      auto& made = add(view, Kind::source, config, config.type, config.values.text());
      set_chain(made, config.interceptors);
      for (const auto channel : config.channels) made.channels.push_back(topology_.channels[channel].path);
      connect(view, chain_of(made), made.channels);
    }
    for (const auto& config : topology_.interceptors)
      add(view, Kind::interceptor, config, config.type, config.values.text());
    for (const auto& config : topology_.channels)
      add(view, Kind::channel, config, config.type == ChannelConfig::Type::file ? "file" : "memory", "");
    for (const auto& config : topology_.sink_groups) {
      auto& made = add(view, Kind::sink_group, config, config.settings.text("type"), "");
      add_reader(view, made, config);
      for (const auto sink : config.sinks) made.sinks.push_back(topology_.sinks[sink].path);
      for (const auto& sink : made.sinks) connect(view, made.path, sink);
    }
    for (const auto& config : topology_.sinks)
      add_reader(view, add(view, Kind::sink, config, config.type, config.values.text()), config);
  }

 private:
  TopologyView::Component& add(TopologyView& view, Kind kind, const TableConfig& config, std::string type,
                               const std::string& own) {
    auto& made = view.components.emplace_back();
    made.kind = kind;
    made.path = config.path;
    made.name = config.name;
    made.type = std::move(type);
    made.options = secrets_.hide(config.settings.text() + own);
    return made;
  }

  void set_chain(TopologyView::Component& made, const std::vector<size_t>& interceptors) {
    for (const auto interceptor : interceptors) made.interceptors.push_back(topology_.interceptors[interceptor].path);
  }

  // Of a source: itself and its interceptors, in the order of the rows.
  static std::vector<std::string> chain_of(const TopologyView::Component& source) {
    std::vector<std::string> chain = {source.path};
    chain.insert(chain.end(), source.interceptors.begin(), source.interceptors.end());
    return chain;
  }

  void add_reader(TopologyView& view, TopologyView::Component& made, const ReaderConfig& config) {
    set_chain(made, config.interceptors);
    if (!config.channel) return;
    made.channels.push_back(topology_.channels[*config.channel].path);
    std::vector<std::string> chain = made.channels;
    chain.insert(chain.end(), made.interceptors.begin(), made.interceptors.end());
    connect(view, chain, {made.path});
  }

  void connect(TopologyView& view, const std::vector<std::string>& chain, const std::vector<std::string>& ends) {
    for (size_t at = 1; at < chain.size(); ++at) connect(view, chain[at - 1], chain[at]);
    for (const auto& end : ends) connect(view, chain.back(), end);
  }
  void connect(TopologyView& view, const std::string& from, const std::string& to) {
    const auto edge = std::pair(from, to);
    if (std::ranges::find(view.edges, edge) == view.edges.end()) view.edges.push_back(edge);
  }

  const Topology& topology_;
  const Secrets& secrets_;
};

}  // namespace

const TopologyView::Component* TopologyView::find(const std::string& path) const {
  const auto found = std::ranges::find(components, path, &Component::path);
  return found == components.end() ? nullptr : &*found;
}

std::shared_ptr<const TopologyView> make_view(const std::string& file, const AgentConfig& agent,
                                              const Topology& topology, const Registry& registry,
                                              const Secrets& secrets) {
  auto view = std::make_shared<TopologyView>();
  view->file = file;
  view->agent = secrets.hide(agent.settings.text());
  view->memory_bytes = agent.memory_bytes;
  view->dead_letters = secrets.hide(agent.dead_letters_dir);
  // The references that ViewMaker gives out stay good.
  view->components.reserve(topology.sources.size() + topology.interceptors.size() + topology.channels.size() +
                           topology.sinks.size() + topology.sink_groups.size());
  ViewMaker(topology, secrets).add_all(*view);
  for (const auto& [path, plugin] : registry.loaded())
    view->plugins.push_back({plugin->name, plugin->version, plugin->license, path, "loaded"});
  for (const auto& [path, reason] : registry.refused())
    view->plugins.push_back({path.substr(path.find_last_of('/') + 1), "", "", path, "refused: " + reason});
  return view;
}

const char* name_of(Kind kind) {
  constexpr const char* kNames[] = {"source", "interceptor", "channel", "sink", "sink_group"};
  return kNames[static_cast<size_t>(kind)];
}

}  // namespace levada::agent

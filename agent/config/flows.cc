#include "agent/config/flows.h"

#include <numeric>
#include <optional>

namespace levada::agent {
namespace {

// Channels that are connected have one leader.
class Connections {
 public:
  explicit Connections(size_t channels) : leaders_(channels) { std::iota(leaders_.begin(), leaders_.end(), size_t{0}); }
  size_t leader(size_t channel) const {
    while (leaders_[channel] != channel) channel = leaders_[channel];
    return channel;
  }
  void connect(size_t one, size_t other) { leaders_[leader(one)] = leader(other); }

 private:
  std::vector<size_t> leaders_;
};

// The channel whose rows a sink gets.
std::optional<size_t> channel_of(const Topology& topology, const SinkConfig& sink) {
  return sink.group ? topology.sink_groups[*sink.group].channel : sink.channel;
}

std::string text_of(const OptionValues& settings) {
  std::string text;
  for (const auto& [name, value] : settings.exact()) text += name + " = " + value + "\n";
  return text;
}

template <class Configs>
std::vector<size_t> all_of(const Configs& configs) {
  std::vector<size_t> numbers(configs.size());
  std::iota(numbers.begin(), numbers.end(), size_t{0});
  return numbers;
}

}  // namespace

std::vector<Flow> flows_of(const Topology& topology) {
  Connections connections(topology.channels.size());
  for (const auto& source : topology.sources)
    for (const auto channel : source.channels) connections.connect(channel, source.channels.front());
  std::vector<Flow> flows;
  std::map<size_t, size_t> by_leader;
  const auto flow_of = [&](size_t channel) -> Flow& {
    const auto [at, is_new] = by_leader.try_emplace(connections.leader(channel), flows.size());
    if (is_new) flows.emplace_back();
    return flows[at->second];
  };
  for (size_t at = 0; at < topology.sources.size(); ++at)
    if (const auto& channels = topology.sources[at].channels; !channels.empty())
      flow_of(channels.front()).sources.push_back(at);
  for (size_t at = 0; at < topology.channels.size(); ++at) flow_of(at).channels.push_back(at);
  for (size_t at = 0; at < topology.sinks.size(); ++at)
    if (const auto channel = channel_of(topology, topology.sinks[at])) flow_of(*channel).sinks.push_back(at);
  for (size_t at = 0; at < topology.sink_groups.size(); ++at)
    if (const auto channel = topology.sink_groups[at].channel) flow_of(*channel).sink_groups.push_back(at);
  return flows;
}

Flow whole_of(const Topology& topology) {
  return {all_of(topology.sources), all_of(topology.channels), all_of(topology.sinks), all_of(topology.sink_groups)};
}

FlowTables tables_of(const Topology& topology, const Flow& flow) {
  FlowTables tables;
  const auto add_component = [&](const ComponentConfig& config) {
    tables[config.path] = config.plugin + "\n" + text_of(config.settings) + text_of(config.values);
  };
  const auto add_interceptors = [&](const std::vector<size_t>& numbers) {
    for (const auto number : numbers) add_component(topology.interceptors[number]);
  };
  for (const auto number : flow.sources) {
    add_component(topology.sources[number]);
    add_interceptors(topology.sources[number].interceptors);
  }
  for (const auto number : flow.channels)
    tables[topology.channels[number].path] = text_of(topology.channels[number].settings);
  for (const auto number : flow.sinks) {
    add_component(topology.sinks[number]);
    add_interceptors(topology.sinks[number].interceptors);
  }
  for (const auto number : flow.sink_groups) {
    tables[topology.sink_groups[number].path] = text_of(topology.sink_groups[number].settings);
    add_interceptors(topology.sink_groups[number].interceptors);
  }
  return tables;
}

}  // namespace levada::agent

#include "agent/cli/reload/ways.h"

#include <algorithm>
#include <map>
#include <utility>

namespace levada::agent {
namespace {

struct Way {
  const ChannelConfig* channel;
  const TableConfig* reader;
};
// By source and reader, "sources.clicks" and "sinks.out".
using Ways = std::map<std::string, std::map<std::string, Way>>;

Ways ways_of(const Topology& topology) {
  Ways ways;
  for (const auto& source : topology.sources) {
    auto& mine = ways[source.path];
    const auto add = [&](const TableConfig& reader, const std::optional<size_t>& channel) {
      if (channel && std::ranges::find(source.channels, *channel) != source.channels.end())
        mine[reader.path] = {&topology.channels[*channel], &reader};
    };
    for (const auto& sink : topology.sinks)
      if (!sink.group) add(sink, sink.channel);
    for (const auto& group : topology.sink_groups) add(group, group.channel);
  }
  return ways;
}

// Memory channels keep nothing, so one is as good as another.
bool is_same(const ChannelConfig& one, const ChannelConfig& other) {
  if (one.type != other.type) return false;
  return one.type == ChannelConfig::Type::memory || (one.name == other.name && one.folder == other.folder);
}

// Whoever says where the source goes on.
std::string who_knows(const std::string& reader, const ChannelConfig& channel) {
  return channel.type == ChannelConfig::Type::file ? channel.path : reader;
}

}  // namespace

void check_ways(const Topology& running, const Topology& wanted, Diagnostics& diagnostics) {
  const auto before = ways_of(running);
  for (const auto& [source, ways] : ways_of(wanted)) {
    const auto known = before.find(source);
    if (known == before.end()) continue;
    for (const auto& [reader, way] : ways) {
      const auto old = known->second.find(reader);
      if (old == known->second.end() || is_same(*old->second.channel, *way.channel)) continue;
      const bool is_other = old->second.channel->path != way.channel->path;
      const bool is_type = old->second.channel->type != way.channel->type;
      const auto& table = is_other ? *way.reader : static_cast<const TableConfig&>(*way.channel);
      const std::string option = is_other ? "channel" : is_type ? "type" : "path";
      diagnostics.add(table.settings.locate(option), table.path + "." + option,
                      "needs a restart, with nothing left in between: where " + source + " goes on for " + reader +
                          " is known to " + who_knows(reader, *old->second.channel) + " only, and not to " +
                          who_knows(reader, *way.channel));
    }
  }
}

std::vector<std::string> warn_of_new_readers(const Topology& running, const Topology& wanted) {
  std::vector<std::string> warnings;
  const auto before = ways_of(running);
  for (const auto& [source, ways] : ways_of(wanted)) {
    const auto known = before.find(source);
    if (known == before.end()) continue;
    const auto knows = [&](const auto& each) {
      return std::ranges::any_of(known->second, [&](const auto& old) {
        return who_knows(old.first, *old.second.channel) == who_knows(each.first, *each.second.channel);
      });
    };
    if (!std::ranges::any_of(ways, knows))
      warnings.push_back("nobody who gets the rows of " + source +
                         " now knows where it stood: it begins with all that it still has");
  }
  return warnings;
}

}  // namespace levada::agent

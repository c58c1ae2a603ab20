// Who reads and writes what: turns the names in a topology into indices and
// checks that nothing hangs loose.
#include "agent/config/wiring.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/config/agent_options.h"
#include "agent/config/nearest.h"

namespace levada::agent {

namespace {

// What may be named in one kind of list, and what has been.
struct Targets {
  TableKind kind;
  std::vector<std::string> names;
  std::vector<bool> used;
  // Somewhere a name could not be made out, so that nobody can say what is not used.
  bool unclear = false;

  template <class Config>
  Targets(TableKind its_kind, const std::vector<Config>& configs) : kind(its_kind), used(configs.size()) {
    for (const TableConfig& config : configs) names.push_back(config.name);
  }
};

class Wiring {
 public:
  Wiring(Topology& topology, Diagnostics& diagnostics)
      : topology_(topology),
        diagnostics_(diagnostics),
        interceptors_(TableKind::interceptor, topology.interceptors),
        written_(TableKind::channel, topology.channels),
        read_(TableKind::channel, topology.channels),
        grouped_(TableKind::sink, topology.sinks) {}

  void wire(const Node& root) {
    for (SourceConfig& source : topology_.sources) wire_source(source);
    for (size_t i = 0; i < topology_.sink_groups.size(); ++i) wire_group(i);
    for (SinkConfig& sink : topology_.sinks) wire_sink(sink);
    report_what_is_missing(root);
    report_loose_ends();
  }

 private:
  // The target that is named; reports a name that is none and takes the nearest for
  // used, as it is most likely meant.
  std::optional<size_t> resolve(Targets& targets, const Node& name, const std::string& path) {
    const auto found = std::find(targets.names.begin(), targets.names.end(), name.text);
    if (found != targets.names.end()) {
      const auto index = static_cast<size_t>(found - targets.names.begin());
      targets.used[index] = true;
      return index;
    }
    const std::string near = nearest(name.text, targets.names);
    std::string remedy = did_you_mean(name.text, targets.names);
    if (targets.names.empty()) {
      remedy = "; add a table [" + join_path(table_name(targets.kind), name.text) + "]";
    }
    diagnostics_.add(name.location, path,
                     "no " + std::string(noun(targets.kind)) + " is named " + quote(name.text) + remedy);
    const auto meant = std::find(targets.names.begin(), targets.names.end(), near);
    if (meant == targets.names.end()) targets.unclear = true;
    if (meant != targets.names.end()) targets.used[static_cast<size_t>(meant - targets.names.begin())] = true;
    return std::nullopt;
  }

  // The targets that a list names, each once.
  std::vector<size_t> resolve_list(Targets& targets, const Node& list, const std::string& path, const char* twice) {
    std::vector<size_t> indices;
    std::vector<std::string> seen;
    if (list.kind != Node::Kind::list) {
      targets.unclear = true;
      return indices;
    }
    for (const Node& name : list.items) {
      if (name.kind != Node::Kind::string || name.missing) {
        targets.unclear = true;
        continue;
      }
      if (std::find(seen.begin(), seen.end(), name.text) != seen.end()) {
        diagnostics_.add(name.location, path, quote(name.text) + twice);
        continue;
      }
      seen.push_back(name.text);
      if (const std::optional<size_t> index = resolve(targets, name, path)) indices.push_back(*index);
    }
    return indices;
  }

  std::vector<size_t> resolve_list(Targets& targets, const TableConfig& config, const char* option) {
    const Node* list = config.settings.written(option);
    if (list == nullptr) return {};
    return resolve_list(
        targets, *list, join_path(config.path, option),
        targets.kind == TableKind::interceptor ? " stands twice in one chain" : " stands twice in the list");
  }

  // A list that must name something.
  std::vector<size_t> resolve_some(Targets& targets, const TableConfig& config, const char* option) {
    const Node* list = config.settings.written(option);
    if (list == nullptr) {
      targets.unclear = true;
    } else if (list->kind == Node::Kind::list && list->items.empty()) {
      diagnostics_.add(list->location, join_path(config.path, option),
                       "must name at least one " + std::string(noun(targets.kind)));
      targets.unclear = true;
    }
    return resolve_list(targets, config, option);
  }

  std::optional<size_t> resolve_channel(const TableConfig& config) {
    const Node* name = config.settings.written("channel");
    if (name == nullptr || name->kind != Node::Kind::string || name->missing) {
      read_.unclear = true;
      return std::nullopt;
    }
    return resolve(read_, *name, config.path + ".channel");
  }

  void wire_source(SourceConfig& source) {
    source.interceptors = resolve_list(interceptors_, source, "interceptors");
    source.channels = resolve_some(written_, source, "channels");
    const Node* selector = source.settings.written("selector");
    if (selector != nullptr && selector->kind == Node::Kind::table) wire_selector(source, *selector);
  }

  void wire_selector(SourceConfig& source, const Node& table) {
    const std::string path = source.path + ".selector";
    const std::array groups = {agent_options(TableKind::selector)};
    const OptionValues values = std::move(read_options(table, path, groups, UnknownKeys::refuse, diagnostics_).front());
    source.selector.type = static_cast<SelectorConfig::Type>(values.integer("type"));
    const bool multiplex = source.selector.type == SelectorConfig::Type::multiplex;
    for (const char* name : {"column", "mapping", "default"}) {
      const Node* written = values.written(name);
      if (multiplex && !values.is_attempted(name)) {
        diagnostics_.add(table.location, path, std::string("multiplex needs the option \"") + name + "\"");
      } else if (!multiplex && written != nullptr && values.sound()) {
        diagnostics_.add(written->key_location, path, std::string("option \"") + name + "\" is for multiplex only");
      }
    }
    if (!multiplex) return;

    source.selector.column = values.text("column");
    if (values.is_set("column") && source.selector.column.empty()) {
      diagnostics_.add(values.written("column")->location, path + ".column", "must not be empty");
    }
    Targets own(TableKind::channel, std::vector<TableConfig>());
    for (const size_t channel : source.channels) own.names.push_back(topology_.channels[channel].name);
    own.used.resize(own.names.size());
    if (const Node* mapping = values.written("mapping"); mapping != nullptr && mapping->kind == Node::Kind::table) {
      if (mapping->items.empty()) {
        diagnostics_.add(mapping->location, path + ".mapping", "must map at least one value to channels");
      }
      for (const Node& item : mapping->items) {
        source.selector.mapping.push_back(
            {item.key, resolve_own(source, own, item, join_path(path + ".mapping", item.key))});
      }
    }
    if (const Node* others = values.written("default")) {
      source.selector.default_channels = resolve_own(source, own, *others, path + ".default");
    }
    if (own.unclear || !values.sound() || values.written("default") == nullptr) return;
    for (size_t i = 0; i < own.names.size(); ++i) {
      if (own.used[i]) continue;
      diagnostics_.add(source.settings.written("channels")->location, source.path + ".channels",
                       "no row gets to " + quote(own.names[i]) + ", as the selector names it nowhere");
    }
  }

  // The channels of one route of a multiplex selector, each one of the source's own.
  std::vector<size_t> resolve_own(const SourceConfig& source, Targets& own, const Node& list, const std::string& path) {
    std::vector<size_t> channels;
    if (list.kind == Node::Kind::string && !list.missing) {
      diagnostics_.add(list.location, path,
                       "must be a list of strings, not a string; write [" + quote(list.text) + "]");
    } else if (list.kind != Node::Kind::list) {
      diagnostics_.add(list.location, path, std::string("must be a list of strings, not ") + kind_name(list.kind));
    } else if (list.items.empty()) {
      diagnostics_.add(list.location, path, "must name at least one channel");
    }
    if (list.kind != Node::Kind::list || list.items.empty()) {
      own.unclear = true;
      return channels;
    }
    for (const Node& name : list.items) {
      if (name.kind != Node::Kind::string || name.missing) {
        own.unclear = true;
        continue;
      }
      const auto found = std::find(own.names.begin(), own.names.end(), name.text);
      if (found == own.names.end()) {
        diagnostics_.add(
            name.location, path,
            quote(name.text) + " is not among the channels of " + source.path + did_you_mean(name.text, own.names));
        own.unclear = true;
        continue;
      }
      const auto at = static_cast<size_t>(found - own.names.begin());
      own.used[at] = true;
      const size_t channel = source.channels[at];
      if (std::find(channels.begin(), channels.end(), channel) != channels.end()) {
        diagnostics_.add(name.location, path, quote(name.text) + " stands twice in the list");
      } else {
        channels.push_back(channel);
      }
    }
    return channels;
  }

  void wire_group(size_t index) {
    SinkGroupConfig& group = topology_.sink_groups[index];
    group.interceptors = resolve_list(interceptors_, group, "interceptors");
    group.channel = resolve_channel(group);
    for (const size_t sink : resolve_some(grouped_, group, "sinks")) {
      SinkConfig& member = topology_.sinks[sink];
      if (member.group) {
        const std::vector<Node>& names = group.settings.written("sinks")->items;
        const auto name =
            std::find_if(names.begin(), names.end(), [&](const Node& one) { return one.text == member.name; });
        diagnostics_.add(name->location, group.path + ".sinks",
                         quote(member.name) + " is in " + topology_.sink_groups[*member.group].path + " already");
        continue;
      }
      member.group = index;
      group.sinks.push_back(sink);
    }
  }

  void wire_sink(SinkConfig& sink) {
    sink.interceptors = resolve_list(interceptors_, sink, "interceptors");
    const Node* channel = sink.settings.written("channel");
    if (sink.group) {
      for (const levada_option& option : reader_options()) {
        if (const Node* written = sink.settings.written(option.name)) {
          diagnostics_.add(written->key_location, sink.path,
                           "option " + quote(option.name) + " is for " + topology_.sink_groups[*sink.group].path +
                               " to set, as the sink is in that group");
        }
      }
    }
    if (sink.group && channel != nullptr) {
      diagnostics_.add(channel->key_location, sink.path,
                       "the sink reads the channel of " + topology_.sink_groups[*sink.group].path +
                           "; leave out the option \"channel\"");
    }
    if (channel != nullptr) {
      sink.channel = resolve_channel(sink);
    } else if (!sink.group) {
      const auto index = static_cast<size_t>(&sink - topology_.sinks.data());
      if (!grouped_.unclear && !grouped_.used[index] && !sink.settings.is_attempted("channel")) {
        diagnostics_.add(sink.location, sink.path,
                         "reads nothing; give it a \"channel\", or name it in the \"sinks\" of a sink group");
      }
      read_.unclear = true;
    }
  }

  void report_what_is_missing(const Node& root) {
    const auto report = [&](TableKind kind, bool empty) {
      const std::string name(table_name(kind));
      // What stands there and could not be read was reported.
      if (!empty || std::any_of(root.items.begin(), root.items.end(), [&](const Node& item) {
            return nearest(item.key, {name}) == name && (item.kind != Node::Kind::table || !item.items.empty());
          })) {
        return;
      }
      diagnostics_.add(root.location, "there is no " + std::string(noun(kind)) + "; add a table [" + name + ".NAME]");
    };
    report(TableKind::source, topology_.sources.empty());
    report(TableKind::sink, topology_.sinks.empty());
    written_.unclear |= topology_.sources.empty();
    read_.unclear |= topology_.sinks.empty();
  }

  void report_loose_ends() {
    const auto report = [&](const TableConfig& config, const Targets& targets, size_t index, const char* message) {
      if (!targets.unclear && !targets.used[index]) diagnostics_.add(config.location, config.path, message);
    };
    interceptors_.unclear |= topology_.sources.empty() || topology_.sinks.empty();
    for (size_t i = 0; i < topology_.interceptors.size(); ++i) {
      report(topology_.interceptors[i], interceptors_, i, "no source and no sink names it in its interceptors");
    }
    for (size_t i = 0; i < topology_.channels.size(); ++i) {
      report(topology_.channels[i], written_, i, "no source writes to it");
      report(topology_.channels[i], read_, i, "no sink reads from it");
    }
  }

  Topology& topology_;
  Diagnostics& diagnostics_;
  Targets interceptors_, written_, read_, grouped_;
};

}  // namespace

void wire(Topology& topology, const Document& document, Diagnostics& diagnostics) {
  Wiring(topology, diagnostics).wire(document.root);
}

}  // namespace levada::agent

// Reads the tables of a configuration into the structs that the pipeline is built from.
#include "agent/config/topology.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "agent/config/agent_options.h"
#include "agent/config/folders.h"
#include "agent/config/nearest.h"
#include "agent/config/wiring.h"

namespace levada::agent {

namespace {

constexpr int64_t kMostWorkers = 256;
constexpr std::array kTopLevel = {TableKind::agent,   TableKind::source, TableKind::interceptor,
                                  TableKind::channel, TableKind::sink,   TableKind::sink_group};

std::vector<std::string> top_level_names() {
  std::vector<std::string> names;
  for (const TableKind kind : kTopLevel) names.emplace_back(table_name(kind));
  return names;
}

// The top-level tables that are meant by that name, misspelt ones included: what stands
// in those is checked as well.
std::vector<const Node*> tables_of(const Node& root, TableKind kind) {
  const std::vector<std::string> names = top_level_names();
  std::vector<const Node*> tables;
  for (const Node& item : root.items) {
    const bool known = std::find(names.begin(), names.end(), item.key) != names.end();
    if ((known ? item.key : nearest(item.key, names)) == table_name(kind)) tables.push_back(&item);
  }
  return tables;
}

bool is_component_name(std::string_view name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

// Reports a number that is too small or too large, at the place where the user wrote it.
void check_range(const OptionValues& values, const std::string& path, const char* name, int64_t least, int64_t most,
                 Diagnostics& diagnostics) {
  const int64_t number = values.integer(name);
  const Node* written = values.written(name);
  if (written == nullptr || (number >= least && number <= most)) return;
  const bool open = most == std::numeric_limits<int64_t>::max();
  diagnostics.add(written->location, join_path(path, name),
                  open ? "must be at least " + std::to_string(least)
                       : "must be between " + std::to_string(least) + " and " + std::to_string(most));
}

void check_positive(const OptionValues& values, const std::string& path, const char* name, Diagnostics& diagnostics) {
  const Node* written = values.written(name);
  if (written == nullptr || !values.is_set(name) || values.integer(name) > 0) return;
  diagnostics.add(written->location, join_path(path, name), "must be more than 0");
}

void check_not_empty(const OptionValues& values, const std::string& path, const char* name, Diagnostics& diagnostics) {
  const Node* written = values.written(name);
  if (written == nullptr || !values.is_set(name) || values.value(name).text.size > 0) return;
  diagnostics.add(written->location, join_path(path, name), "must not be empty");
}

OnReject on_reject(const OptionValues& settings) { return static_cast<OnReject>(settings.integer("on_reject")); }

class TopologyReader {
 public:
  TopologyReader(const Node& root, const ComponentCatalogue& catalogue, Diagnostics& diagnostics)
      : root_(root), catalogue_(catalogue), diagnostics_(diagnostics) {}

  Topology read() {
    check_top_level();
    Topology topology;
    for_each(TableKind::interceptor, [&](const Node& table) {
      auto config = component<InterceptorConfig>(table, LEVADA_INTERCEPTOR);
      config.on_reject = on_reject(config.settings);
      topology.interceptors.push_back(std::move(config));
    });
    for_each(TableKind::channel, [&](const Node& table) { topology.channels.push_back(channel(table)); });
    for_each(TableKind::source, [&](const Node& table) {
      auto config = component<SourceConfig>(table, LEVADA_SOURCE);
      config.workers = workers(config);
      config.on_reject = on_reject(config.settings);
      topology.sources.push_back(std::move(config));
    });
    for_each(TableKind::sink, [&](const Node& table) { topology.sinks.push_back(sink(table)); });
    for_each(TableKind::sink_group, [&](const Node& table) { topology.sink_groups.push_back(sink_group(table)); });
    return topology;
  }

 private:
  void check_top_level() {
    const std::vector<std::string> names = top_level_names();
    for (const Node& item : root_.items) {
      if (std::find(names.begin(), names.end(), item.key) != names.end()) continue;
      const Options of_agent = agent_options(TableKind::agent);
      const bool belongs_to_agent = std::any_of(of_agent.begin(), of_agent.end(),
                                                [&](const levada_option& option) { return option.name == item.key; });
      const bool is_table = item.kind == Node::Kind::table;
      diagnostics_.add(item.key_location,
                       std::string("unknown ") + (is_table ? "table " : "option ") + quote(item.key) +
                           (belongs_to_agent ? "; it belongs in [agent]" : did_you_mean(item.key, names)));
    }
  }

  template <class Read>
  void for_each(TableKind kind, Read read) {
    const std::string name(table_name(kind));
    for (const Node* tables : tables_of(root_, kind)) {
      if (tables->kind != Node::Kind::table) {
        diagnostics_.add(tables->location, name,
                         std::string("must be a table for each ") + std::string(noun(kind)) + ", [" + name +
                             ".NAME], not " + kind_name(tables->kind));
        continue;
      }
      for (const Node& table : tables->items) {
        const std::string path = join_path(name, table.key);
        if (!is_component_name(table.key)) {
          diagnostics_.add(table.key_location, path, "a name starts with a-z and goes on with a-z, 0-9, _ and -");
        }
        if (table.kind != Node::Kind::table) {
          diagnostics_.add(table.location, path, std::string("must be a table, not ") + kind_name(table.kind));
          continue;
        }
        read(table);
      }
    }
  }

  // The table with the agent's options in it, and the options of the component if there are such.
  std::vector<OptionValues> start(TableConfig& config, const Node& table, TableKind kind,
                                  const levada_component* component, UnknownKeys unknown_keys) {
    config.name = table.key;
    config.path = join_path(table_name(kind), table.key);
    config.location = table.location;
    std::vector<Options> groups = {agent_options(kind)};
    if (component != nullptr) groups.emplace_back(component->options, component->option_count);
    std::vector<OptionValues> values = read_options(table, config.path, groups, unknown_keys, diagnostics_);
    config.settings = std::move(values.front());
    return values;
  }

  template <class Config>
  Config component(const Node& table, uint32_t kind) {
    Config config;
    const Node* type = table.find("type");
    if (type != nullptr && type->kind == Node::Kind::string) config.component = catalogue_.find(kind, type->text);
    std::vector<OptionValues> values = start(config, table, table_kind(kind), config.component,
                                             config.component == nullptr ? UnknownKeys::ignore : UnknownKeys::refuse);
    config.type = config.settings.text("type");
    if (config.component != nullptr) {
      config.plugin = catalogue_.plugin(kind, type->text);
      config.values = std::move(values.back());
      if (const auto why = catalogue_.objection(kind, type->text); !why.empty())
        diagnostics_.add(type->location, config.path + ".type", why);
    } else if (config.settings.is_set("type")) {
      report_unknown_type(*type, kind, config.path);
    }
    return config;
  }

  void report_unknown_type(const Node& type, uint32_t kind, const std::string& path) {
    const std::string wanted(noun(table_kind(kind)));
    std::string message = "no " + wanted + " has the type " + quote(type.text);
    const std::vector<std::string> names = catalogue_.names(kind);
    std::string remedy = did_you_mean(type.text, names);
    for (const uint32_t other : {LEVADA_SOURCE, LEVADA_INTERCEPTOR, LEVADA_SINK}) {
      if (other == kind || catalogue_.find(other, type.text) == nullptr) continue;
      const std::string_view found = noun(table_kind(other));
      remedy = std::string("; it is ") + (other == LEVADA_INTERCEPTOR ? "an " : "a ") + std::string(found);
    }
    if (remedy.empty()) {
      remedy = names.empty() ? "; no plugin with one was found" : "; there are ";
      for (size_t i = 0; i < names.size(); ++i) remedy += (i > 0 ? ", " : "") + names[i];
    }
    diagnostics_.add(type.location, path + ".type", message + remedy);
  }

  uint32_t workers(const TableConfig& config) {
    check_range(config.settings, config.path, "workers", 1, kMostWorkers, diagnostics_);
    return static_cast<uint32_t>(std::clamp<int64_t>(config.settings.integer("workers"), 1, kMostWorkers));
  }

  ChannelConfig channel(const Node& table) {
    ChannelConfig config;
    start(config, table, TableKind::channel, nullptr, UnknownKeys::refuse);
    const auto& settings = config.settings;
    config.type = static_cast<ChannelConfig::Type>(settings.integer("type"));
    config.capacity_bytes = settings.integer("capacity_bytes");
    config.folder = settings.text("path");
    config.sync = static_cast<ChannelConfig::Sync>(settings.integer("sync"));
    config.sync_interval_ns = settings.integer("sync_interval");
    config.low_water_bytes = settings.integer("low_water_bytes");
    config.segment_bytes = settings.integer("segment_bytes");
    config.compression = static_cast<ChannelConfig::Compression>(settings.integer("compression"));
    config.encryption_key = settings.text("encryption_key");
    config.old_encryption_keys = settings.strings("old_encryption_keys");
    if (const Node* written = settings.written("capacity_bytes");
        written && settings.is_set("capacity_bytes") && config.capacity_bytes <= 0)
      diagnostics_.add(written->location, join_path(config.path, "capacity_bytes"),
                       config.type == ChannelConfig::Type::file ? "must be more than 0; without it there is no limit"
                                                                : "must be more than 0");
    for (const char* name : {"sync_interval", "segment_bytes"})
      check_positive(settings, config.path, name, diagnostics_);
    check_not_empty(settings, config.path, "path", diagnostics_);
    if (config.type == ChannelConfig::Type::memory && settings.is_set("type")) {
      for (const auto& option : agent_options(TableKind::channel))
        if (const Node* written = settings.written(option.name); written && is_for_file_channels(option.name))
          diagnostics_.add(written->key_location, join_path(config.path, option.name),
                           "only a channel of the type \"file\" has this option");
    }
    return config;
  }

  SinkConfig sink(const Node& table) {
    auto config = component<SinkConfig>(table, LEVADA_SINK);
    config.on_reject = on_reject(config.settings);
    read_reader(config, config);
    return config;
  }

  SinkGroupConfig sink_group(const Node& table) {
    SinkGroupConfig config;
    start(config, table, TableKind::sink_group, nullptr, UnknownKeys::refuse);
    config.type = static_cast<SinkGroupConfig::Type>(config.settings.integer("type"));
    config.penalty_ns = config.settings.integer("penalty");
    read_reader(config, config);
    return config;
  }

  void read_reader(const TableConfig& config, ReaderConfig& reader) {
    const OptionValues& settings = config.settings;
    reader.workers = workers(config);
    reader.commit_rows = settings.integer("commit_rows");
    reader.commit_bytes = settings.integer("commit_bytes");
    reader.commit_interval_ns = settings.integer("commit_interval");
    reader.commit_idle_ns = settings.integer("commit_idle");
    reader.retry_initial_ns = settings.integer("retry_initial");
    reader.retry_max_ns = settings.integer("retry_max");
    check_range(settings, config.path, "commit_rows", 0, std::numeric_limits<int64_t>::max(), diagnostics_);
    for (const char* name : {"commit_bytes", "commit_interval", "retry_initial", "retry_max"}) {
      check_positive(settings, config.path, name, diagnostics_);
    }
    if (reader.retry_max_ns < reader.retry_initial_ns) {
      const bool max_written = settings.written("retry_max") != nullptr;
      const char* name = max_written ? "retry_max" : "retry_initial";
      diagnostics_.add(settings.written(name)->location, join_path(config.path, name),
                       max_written ? "must not be shorter than retry_initial" : "must not be longer than retry_max");
    }
  }

  const Node& root_;
  const ComponentCatalogue& catalogue_;
  Diagnostics& diagnostics_;
};

}  // namespace

void ComponentConfig::report(const levada_error& error, Diagnostics& diagnostics) const {
  const std::string option = error.option;
  diagnostics.add(values.locate(option), option.empty() ? path : path + "." + option, error.message);
}

namespace {

// Whoever can guess it sees rows.
constexpr size_t kTokenBytesMin = 16;

void read_status_options(AgentConfig& config, const Node& table, Diagnostics& diagnostics) {
  const OptionValues& settings = config.settings;
  const auto add = [&](const char* name, const std::string& message) {
    diagnostics.add(settings.locate(name), join_path("agent", name), message);
  };
  config.status_token = settings.text("status_token");
  if (settings.is_set("status_token") && config.status_token.size() < kTokenBytesMin)
    add("status_token", "must have at least " + std::to_string(kTokenBytesMin) + " bytes");
  const auto listen = settings.text("status_listen");
  if (listen.empty()) return;
  auto parsed = ListenAddress::parse(listen);
  if (!parsed) return add("status_listen", parsed.error().message);
  config.status_listen = *std::move(parsed);
  // A token that cannot be had was reported.
  const Node* token = table.find("status_token");
  if (!config.status_listen->is_loopback && config.status_token.empty() && (!token || !token->missing))
    add("status_listen", "is reached from other machines: set a status_token, or listen on 127.0.0.1");
}

}  // namespace

AgentConfig read_agent(const Document& document, Diagnostics& diagnostics) {
  Node table;
  table.location = document.root.location;
  for (const Node* written : tables_of(document.root, TableKind::agent)) {
    if (written->kind == Node::Kind::table) {
      table = *written;
    } else {
      diagnostics.add(written->location, "agent", std::string("must be a table, not ") + kind_name(written->kind));
    }
  }
  const std::array groups = {agent_options(TableKind::agent)};
  AgentConfig config;
  config.settings = std::move(read_options(table, "agent", groups, UnknownKeys::refuse, diagnostics).front());
  const OptionValues& settings = config.settings;
  config.data_dir = settings.text("data_dir");
  config.memory_bytes = settings.integer("memory_bytes");
  config.stop_timeout_ns = settings.integer("stop_timeout");
  config.plugin_dirs = settings.strings("plugin_dirs");
  config.log_level = static_cast<LogLevel>(settings.integer("log_level"));
  config.dead_letters_dir = settings.text("dead_letters");
  if (config.dead_letters_dir.empty()) config.dead_letters_dir = config.data_dir + "/dead_letters";
  read_status_options(config, table, diagnostics);
  check_not_empty(settings, "agent", "data_dir", diagnostics);
  check_positive(settings, "agent", "memory_bytes", diagnostics);
  return config;
}

Topology read_topology(const Document& document, const ComponentCatalogue& catalogue, Diagnostics& diagnostics) {
  Topology topology = TopologyReader(document.root, catalogue, diagnostics).read();
  wire(topology, document, diagnostics);
  check_folders(topology, diagnostics);
  return topology;
}

std::vector<std::string> check_component(const levada_component& component) {
  return check_options({component.options, component.option_count}, agent_options(table_kind(component.kind)));
}

}  // namespace levada::agent

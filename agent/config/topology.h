// The whole configuration as plain structs: what the pipeline is built from.
//
// A run reads it in three steps, and all of them report into the same Diagnostics:
//   read_document  the files;
//   read_agent     [agent], which says where the plugins are;
//   read_topology  the rest, once the plugins are loaded.
// The host then lets each sound component check its own values (create) and
// adds what it says with report().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/config/document.h"
#include "agent/config/schema.h"
#include "levada/listen_address.h"
#include "levada/plugin.h"

namespace levada::agent {

// What components there are. The plugin registry is one.
class ComponentCatalogue {
 public:
  virtual ~ComponentCatalogue() = default;
  // The component of that kind (LEVADA_SOURCE, ...) and type, or null.
  virtual const levada_component* find(uint32_t kind, std::string_view type) const = 0;
  virtual std::vector<std::string> names(uint32_t kind) const = 0;
  // Why a component that is there must not be used; empty where it may.
  virtual std::string objection(uint32_t, std::string_view) const { return {}; }
  // Which file it comes from, "path|...": a file that was changed or replaced has another. Of one
  // that find has given.
  virtual std::string plugin(uint32_t, std::string_view) const { return {}; }
};

enum class OnReject { dead_letters, drop, block };
enum class LogLevel { debug = LEVADA_DEBUG, info = LEVADA_INFO, warning = LEVADA_WARNING, error = LEVADA_ERROR };

struct AgentConfig {
  std::string data_dir;
  int64_t memory_bytes = 0;
  int64_t stop_timeout_ns = 0;
  std::vector<std::string> plugin_dirs;
  LogLevel log_level = LogLevel::info;
  std::string dead_letters_dir;
  std::optional<ListenAddress> status_listen;
  std::string status_token;  // empty: none
  OptionValues settings;
};

// What all tables [KIND.NAME] have in common.
struct TableConfig {
  std::string name;  // "clicks"
  std::string path;  // "sources.clicks"
  Location location;
  OptionValues settings;  // the agent's options in the table
};

struct ComponentConfig : TableConfig {
  std::string type;
  const levada_component* component = nullptr;  // null if there is none of that type, which was reported
  std::string plugin;                           // which file it comes from, see ComponentCatalogue
  OptionValues values;                          // the component's own options, as its create takes them

  // The component can be created: it exists, and its values fit.
  bool sound() const { return component != nullptr && values.sound(); }
  // Adds what create said, at the place of the option that it names.
  void report(const levada_error& error, Diagnostics& diagnostics) const;
};

// Below, interceptors, channels, sinks and groups are meant by their index in the topology.

struct InterceptorConfig : ComponentConfig {
  OnReject on_reject = OnReject::dead_letters;
};

struct SelectorConfig {
  enum class Type { replicate, multiplex, load_balance };
  struct Mapping {
    std::string value;
    std::vector<size_t> channels;
  };

  Type type = Type::replicate;
  std::string column;                    // multiplex: which column decides,
  std::vector<Mapping> mapping;          // where the rows of each value go,
  std::vector<size_t> default_channels;  // and where all others go
};

struct SourceConfig : ComponentConfig {
  std::string owner;  // whose chain it stands at, where that is another component: see ReplayTopology
  std::vector<size_t> interceptors;
  std::vector<size_t> channels;
  uint32_t workers = 1;
  OnReject on_reject = OnReject::dead_letters;
  SelectorConfig selector;
};

struct ChannelConfig : TableConfig {
  enum class Type { memory, file };
  enum class Sync { commit, interval, none };
  enum class Compression { none, zstd };

  Type type = Type::memory;
  int64_t capacity_bytes = 0;  // 0: on disk no limit, in memory what fits the readers
  // Of file channels.
  std::string folder;
  Sync sync = Sync::commit;
  int64_t sync_interval_ns = 0;
  int64_t low_water_bytes = 0;
  int64_t segment_bytes = 0;
  Compression compression = Compression::none;
  std::string encryption_key;  // empty: none
  std::vector<std::string> old_encryption_keys;
};

// Whoever reads a channel: a sink, or a group of them.
struct ReaderConfig {
  std::optional<size_t> channel;
  std::vector<size_t> interceptors;
  uint32_t workers = 1;
  int64_t commit_rows = 0;  // 0: no limit
  int64_t commit_bytes = 0;
  int64_t commit_interval_ns = 0;
  int64_t commit_idle_ns = 0;  // 0: no limit
  int64_t retry_initial_ns = 0;
  int64_t retry_max_ns = 0;
};

struct SinkConfig : ComponentConfig, ReaderConfig {
  std::optional<size_t> group;  // its group reads the channel then
  OnReject on_reject = OnReject::dead_letters;
};

struct SinkGroupConfig : TableConfig, ReaderConfig {
  enum class Type { failover, load_balance };

  Type type = Type::failover;
  std::vector<size_t> sinks;  // the preferred one first
  int64_t penalty_ns = 0;
};

struct Topology {
  std::vector<SourceConfig> sources;
  std::vector<InterceptorConfig> interceptors;
  std::vector<ChannelConfig> channels;
  std::vector<SinkConfig> sinks;
  std::vector<SinkGroupConfig> sink_groups;
};

// Whatever was at fault has its default.
AgentConfig read_agent(const Document& document, Diagnostics& diagnostics);

// It may be built if the diagnostics are empty. If not, what names something that is not
// there is left out, so that the sound components can still be created and asked what
// they think of their options.
Topology read_topology(const Document& document, const ComponentCatalogue& catalogue, Diagnostics& diagnostics);

// What is wrong with the options that a component declares; for the registry,
// before it takes the component in.
std::vector<std::string> check_component(const levada_component& component);

}  // namespace levada::agent

// levada table: what can be done with a table beside writing to it. The sink that writes such
// tables does it.
#include <array>
#include <cstdio>

#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/config/nearest.h"
#include "agent/plugin_host/instance.h"

namespace levada::agent {
namespace {

Node text_node(const char* key, const std::string& text) {
  Node node;
  node.kind = Node::Kind::string;
  node.key = key;
  node.text = text;
  return node;
}

// A sink of the table's type with its defaults, and that path.
std::optional<SinkConfig> sink_at(const std::string& path, const TableRequest& request, const Registry& registry,
                                  Diagnostics& diagnostics) {
  SinkConfig config;
  config.type = request.type;
  config.name = "table";
  config.path = "sinks.table";
  config.component = registry.find(LEVADA_SINK, request.type);
  if (!config.component) {
    for (const auto& refused : registry.refused()) std::fprintf(stderr, "refused: %s\n", refused.reason.c_str());
    std::fprintf(stderr, "no sink is of the type \"%s\"%s\n", request.type.c_str(),
                 did_you_mean(request.type, registry.names(LEVADA_SINK)).c_str());
    return std::nullopt;
  }
  Node table;
  table.items.push_back(text_node("path", path));
  const std::array groups = {Options(config.component->options, config.component->option_count)};
  config.values = std::move(read_options(table, config.path, groups, UnknownKeys::refuse, diagnostics).front());
  return config;
}

int run(const SinkConfig& config, const std::string& data_dir, const std::vector<std::string>& arguments) {
  SystemServices system;
  auto instance = Instance::create(config, system.services(), data_dir, false);
  Done done = instance ? (*instance)->command(
                             arguments, [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); })
                       : Done(std::move(instance).error());
  std::fflush(stdout);
  if (done) return kOk;
  std::fprintf(stderr, "%s\n", done.error().message.c_str());
  return done.code() == Code::reject ? kBadConfiguration : kFailed;
}

}  // namespace

int table(const TableRequest& request) {
  Diagnostics diagnostics;
  if (!request.sink.empty()) {
    const auto loaded = load_configuration(request.config, diagnostics);
    if (refused(diagnostics)) return kBadConfiguration;
    std::vector<std::string> names;
    for (const auto& sink : loaded.topology.sinks) {
      if (sink.name == request.sink) return run(sink, loaded.agent.data_dir, request.arguments);
      names.push_back(sink.name);
    }
    std::fprintf(stderr, "%s has no sink \"%s\"%s\n", request.config.c_str(), request.sink.c_str(),
                 did_you_mean(request.sink, names).c_str());
    return kBadConfiguration;
  }
  auto arguments = request.arguments;
  std::string path = "TABLE";  // For the help.
  if (arguments.size() > 1 && !arguments[1].starts_with('-')) {
    path = arguments[1];
    arguments.erase(arguments.begin() + 1);
  } else if (arguments.front() != "help") {
    std::fprintf(stderr, "levada table %s: which table? Its path comes next, or --sink NAME\n",
                 arguments.front().c_str());
    return kBadConfiguration;
  }
  Registry registry;
  registry.scan(plugin_folders({}));
  const auto config = sink_at(path, request, registry, diagnostics);
  if (refused(diagnostics) || !config) return kBadConfiguration;
  return run(*config, "", arguments);
}

}  // namespace levada::agent

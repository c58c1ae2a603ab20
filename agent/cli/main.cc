// The program `levada`: arguments to commands.
#include <CLI/CLI.hpp>
#include <string>

#include "agent/cli/commands.h"

int main(int count, char** arguments) {
  using namespace levada::agent;
  CLI::App app("levada moves rows from sources through interceptors and channels to sinks.");
  app.set_version_flag("--version", LEVADA_VERSION);
  app.require_subcommand(1);

  std::string config = "/etc/levada/agent.toml";
  bool until_drained = false;
  auto* run = app.add_subcommand("run", "Run the agent that a configuration describes.");
  run->add_option("-c,--config", config, "The configuration")->capture_default_str();
  run->add_flag("--until-drained", until_drained,
                "Stop when the sources have ended; exit with 0, or with 3 when rows went to the dead letters");

  auto* check = app.add_subcommand("check", "Check a configuration, without touching anything outside.");
  check->add_option("-c,--config", config, "The configuration")->capture_default_str();

  PluginsRequest plugins;
  auto* list = app.add_subcommand("plugins", "List the plugins, describe a component, or start a new plugin.");
  list->add_option("-c,--config", plugins.config, "Also look into the plugin folders of this configuration");
  list->add_option("name", plugins.name, "Describe the components of this type");
  list->add_option("--format", plugins.format, "How to describe it")
      ->check(CLI::IsMember({"text", "markdown", "sample"}))
      ->capture_default_str();
  std::string kind, name, folder;
  auto* fresh = list->add_subcommand("new", "Make a folder with a plugin that builds, passes its test and loads.");
  fresh->add_option("kind", kind, "What it is")->required()->check(CLI::IsMember({"source", "interceptor", "sink"}));
  fresh->add_option("name", name, "The type that configurations will name")->required();
  fresh->add_option("folder", folder, "Where; ./NAME if not given");

  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kOk : kBadConfiguration;
  }
  if (run->parsed()) return run_agent(config, until_drained);
  if (check->parsed()) return check_configuration(config);
  if (fresh->parsed()) return start_plugin(kind, name, folder.empty() ? name : folder);
  return show_plugins(plugins);
}

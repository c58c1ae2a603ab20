// The program `levada`: arguments to commands.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "agent/cli/commands.h"
#include "agent/cli/topics.h"
#include "agent/config/nearest.h"

namespace levada::agent {
namespace {

// CLI11 says of a command that it does not know only that one is missing.
std::string unknown_command(const CLI::App* app, int count, char** arguments) {
  for (int at = 1; at < count && app->get_require_subcommand_min() > 0; ++at) {
    const std::string written = arguments[at];
    if (written.starts_with('-')) break;
    std::vector<std::string> names;
    const CLI::App* known = nullptr;
    for (const auto* command : app->get_subcommands([](const CLI::App*) { return true; })) {
      names.push_back(command->get_name());
      if (command->get_name() == written) known = command;
    }
    if (!known) return "there is no command \"" + written + "\"" + did_you_mean(written, names);
    app = known;
  }
  return {};
}

}  // namespace
}  // namespace levada::agent

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
                "Stop when the sources have ended and all that they gave is delivered");
  run->footer(kExitCodes);

  auto* check = app.add_subcommand("check", "Check a configuration, without touching anything outside.");
  check->add_option("-c,--config", config, "The configuration")->capture_default_str();
  bool for_an_agent = false;
  check->add_flag("--for-an-agent", for_an_agent)->group("");

  auto* reconcile = app.add_subcommand(
      "audit", "Show what became of every row that was read: delivered, filtered, in the dead letters, by reason.");
  reconcile->add_option("-c,--config", config, "The configuration")->capture_default_str();

  bool acknowledge_missing = false;
  reconcile->add_flag("--acknowledge-missing", acknowledge_missing,
                      "Rows that are missing now are known: from now on they are no reason to exit with 1");

  ReplayRequest again;
  auto* letters = app.add_subcommand(
      "replay", "Give dead letters back to the component that rejected them; the agent must not run.");
  letters->add_option("-c,--config", again.config, "The configuration")->default_val(config);
  letters->add_option("--component", again.component, "Only what this one rejected: interceptors.clean");
  letters->add_option("--reason", again.reason, "Only reasons with this text in them");
  letters->add_flag("--dry-run", again.dry_run, "Only say what would be done");
  letters->add_flag("--purge", again.purge, "Remove them for good instead of giving them back");
  letters->add_flag("--include-cut", again.include_cut,
                    "Also rows that were too long to keep: their beginning is given back as if it were the row");
  letters->footer("Exit codes: 0 all were delivered; 1 failed; 2 bad configuration; 3 some were rejected again.");

  ChannelRequest stored;
  auto* channels =
      app.add_subcommand("channel", "Look into file channels and the dead letters, while an agent runs or not.");
  channels->require_subcommand(1);
  const auto add_channel_command = [&](const char* what, const char* summary) {
    auto* made = channels->add_subcommand(what, summary);
    made->add_option("-c,--config", stored.config, "The configuration")->default_val(config);
    made->callback([&stored, what] { stored.what = what; });
    return made;
  };
  constexpr const char* kName = "A channel's name, or dead_letters";
  add_channel_command("list", "Rows, bytes, and how far each reader is.")->add_option("name", stored.name, kName);
  add_channel_command("verify", "Check every record; exit with 1 if anything is damaged.")
      ->add_option("name", stored.name, kName);
  auto* dump = add_channel_command("dump", "Print rows as NDJSON.");
  dump->add_option("name", stored.name, kName)->required();
  dump->add_option("--from", stored.from, "The number of the first row")->capture_default_str();
  dump->add_option("--rows", stored.rows, "So many at most");

  auto* is_healthy = app.add_subcommand("health", "Ask the running agent whether it does what it is there for.");
  is_healthy->add_option("-c,--config", config, "The configuration of the agent")->capture_default_str();
  is_healthy->footer("Exit codes: 0 good; 1 not ready, standing still, not running, or not to be found.");

  auto* reloading = app.add_subcommand("reload", "Make the running agent do what its configuration says now.");
  reloading->add_option("-c,--config", config, "The configuration of the agent")->capture_default_str();
  reloading->footer(
      "Exit codes: 0 it does; 1 it could not, or is not running; 2 bad configuration. With 1 and 2 it "
      "goes on as before.");

  bool once = false;
  auto* screen = app.add_subcommand("top", "Show what the running agent does, each second; q leaves.");
  screen->add_option("-c,--config", config, "The configuration of the agent")->capture_default_str();
  screen->add_flag("--once", once, "Print it once");

  TapRequest look;
  auto* taps = app.add_subcommand("tap", "Print some of the rows that go through a component of the running agent.");
  taps->add_option("-c,--config", look.config, "The configuration of the agent")->default_val(config);
  taps->add_option("component", look.component, "interceptors.clean, sources.NAME, sinks.NAME")->required();
  taps->add_option("--filter", look.filter, "Only rows that meet this condition, as the interceptor filter has it");
  taps->add_option("--rows", look.rows, "So many, then end; without it, until Ctrl-C");

  PluginsRequest plugins;
  auto* list = app.add_subcommand("plugins", "List the plugins, describe a component, or start a new plugin.");
  list->add_option("-c,--config", plugins.config, "Also look into the plugin folders of this configuration");
  list->add_option("name", plugins.name,
                   "Describe the components of this type, a type of channel, or the options of the agent: agent");
  list->add_option("--kind", plugins.kind, "Only components of this kind")
      ->check(CLI::IsMember({"source", "interceptor", "channel", "sink"}));
  list->add_option(
          "--format", plugins.format,
          "How to describe it; schema: a JSON schema of whole configurations; reference: all options, as Markdown")
      ->check(CLI::IsMember({"text", "markdown", "sample", "schema", "reference"}))
      ->capture_default_str();
  std::string kind, name, folder;
  bool in_c = false;
  auto* fresh = list->add_subcommand("new", "Make a folder with a plugin that builds, passes its test and loads.");
  fresh->add_option("kind", kind, "What it is")->required()->check(CLI::IsMember({"source", "interceptor", "sink"}));
  fresh->add_option("name", name, "The type that configurations will name")->required();
  fresh->add_option("folder", folder, "Where; ./NAME if not given");
  fresh->add_flag("--c", in_c, "An interceptor in C, which needs no C++ compiler");

  TableRequest of_table;
  auto* tables = app.add_subcommand(
      "table", "Look after a table: levada table VERB PATH, or levada table VERB --sink NAME. `levada table help`.");
  tables->add_option("-c,--config", of_table.config, "The configuration that has the sink")->default_val(config);
  tables->add_option("--sink", of_table.sink, "The table that this sink of the configuration writes to");
  tables->add_option("--type", of_table.type, "What the table at PATH is")->capture_default_str();
  tables->allow_extras();

  TopicsRequest declared;
  auto* of_topics = app.add_subcommand("topics", "Make the topics of a broker as the configuration declares them.");
  of_topics->require_subcommand(1);
  for (const auto& [what, summary] :
       {std::pair{"plan", "Show what would be created and altered; touches nothing."},
        std::pair{"apply", "Create and alter them. Partitions are added, never taken away."}}) {
    auto* made = of_topics->add_subcommand(what, summary);
    made->add_option("-c,--config", declared.config, "The configuration")->default_val(config);
    made->add_option("--sink", declared.sink, "Only those that this sink declares");
    made->callback([&declared, what = what] { declared.what = what; });
    made->footer("Exit codes: 0 good; 1 some cannot be as declared, or no broker answers; 2 bad configuration.");
  }

  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    if (const auto unknown = unknown_command(&app, count, arguments); !unknown.empty()) {
      std::fprintf(stderr, "%s\nRun with --help for more information.\n", unknown.c_str());
      return kBadConfiguration;
    }
    return app.exit(error) == 0 ? kOk : kBadConfiguration;
  }
  if (run->parsed()) return run_agent(config, until_drained);
  if (check->parsed()) return check_configuration(config, for_an_agent);
  if (reconcile->parsed()) return audit(config, acknowledge_missing);
  if (letters->parsed()) return replay(again);
  if (channels->parsed()) return channel(stored);
  if (is_healthy->parsed()) return health(config);
  if (reloading->parsed()) return ask_to_reload(config);
  if (screen->parsed()) return top(config, once);
  if (taps->parsed()) return tap(look);
  if (tables->parsed()) {
    of_table.arguments = tables->remaining();
    if (of_table.arguments.empty()) of_table.arguments = {"help"};
    return table(of_table);
  }
  if (of_topics->parsed()) return topics(declared);
  if (fresh->parsed()) return start_plugin(kind, in_c, name, folder.empty() ? name : folder);
  return show_plugins(plugins);
}

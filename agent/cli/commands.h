// What the commands of the program do; each gives the exit code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/cli/exit_code.h"

namespace levada::agent {

// See exit_code.h.
int run_agent(const std::string& config, bool until_drained);
// `for_an_agent`: an agent that runs has started it, and is told of plugins; see check_process.h.
int check_configuration(const std::string& config, bool for_an_agent);

// kFailed where rows are missing, doubled or unexplained, and where no agent has ever run.
// `acknowledge_missing`: from now on the rows that are missing now are not a failure any more.
int audit(const std::string& config, bool acknowledge_missing);

struct ReplayRequest {
  std::string config, component, reason;  // Empty: any.
  bool dry_run = false;
  bool purge = false;        // Remove them instead.
  bool include_cut = false;  // Also rows of which only the beginning was kept.
};
// kNotAllGood where rows were rejected again.
int replay(const ReplayRequest& request);

struct ChannelRequest {
  std::string what;          // "list", "verify", "dump"
  std::string config, name;  // Empty: all that are there.
  uint64_t from = 0;
  std::optional<uint64_t> rows;
};
// kFailed where `verify` finds damage.
int channel(const ChannelRequest& request);

// Of the agent that runs with the configuration. kFailed where none does.
// kFailed where it is not ready, or stands still.
int health(const std::string& config);
// Prints what it did. kBadConfiguration where it refuses the configuration, kFailed where it could
// not do what it says.
int ask_to_reload(const std::string& config);
// Shows what it does, each second, until the user leaves; `once`: one time.
int top(const std::string& config, bool once);
struct TapRequest {
  std::string config, component, filter;  // No filter: any row.
  uint64_t rows = 0;                      // So many; 0: until the user or the agent ends.
};
// Prints rows that go into and out of the component.
int tap(const TapRequest& request);

struct PluginsRequest {
  std::string config, name, kind, format = "text";  // No kind: any.
};
int show_plugins(const PluginsRequest& request);
int start_plugin(const std::string& kind, bool in_c, const std::string& name, const std::string& folder);

struct TableRequest {
  std::string sink, config;  // A sink that writes to it, and the configuration that has that sink; or else:
  std::string type = "delta";
  // What to do, the path of the table where no sink is named, and options, as the user wrote them.
  std::vector<std::string> arguments;
};
// kBadConfiguration where the arguments are at fault.
int table(const TableRequest& request);

}  // namespace levada::agent

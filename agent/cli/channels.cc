// levada channel: the file channels of a configuration, and its dead letters, for the commands of channel.h.
#include <algorithm>
#include <cstdio>

#include "agent/cli/channel.h"
#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/cli/data_dir.h"
#include "agent/pipeline/dead_letters.h"
#include "agent/pipeline/pipeline_builder.h"

namespace levada::agent {
namespace {

constexpr const char* kDeadLettersChannel = "dead_letters";

}  // namespace

int channel(const ChannelRequest& request) {
  Diagnostics diagnostics;
  const auto loaded = load_for_inspection(request.config, diagnostics);
  if (refused(diagnostics)) return kBadConfiguration;
  if (auto used = check_used(loaded.agent.data_dir); !used) {
    std::fprintf(stderr, "%s\n", loaded.secrets.hide(used.error().message).c_str());
    return kFailed;
  }
  SystemServices system;
  const auto services = system.services();
  std::vector<FileChannelOptions> channels;
  const auto add = [&](const std::string& name, FileChannelOptions options) {
    if (request.name.empty() ? Files(services.files).exists(options.folder) : request.name == name)
      channels.push_back(std::move(options));
  };
  for (const auto& config : loaded.topology.channels)
    if (config.type == ChannelConfig::Type::file) add(config.name, file_channel_options(loaded.agent, config));
  add(kDeadLettersChannel, DeadLetters::channel_options(loaded.agent.dead_letters_dir));
  if (channels.empty() && !request.name.empty()) {
    std::fprintf(stderr, "%s has no file channel \"%s\"\n", request.config.c_str(), request.name.c_str());
    return kBadConfiguration;
  }
  if (channels.empty())
    std::fprintf(stderr, "no file channel of %s and no dead letters hold anything\n", request.config.c_str());
  if (request.what == "list") return list_channels(channels, services, loaded.secrets);
  if (request.what == "verify") return verify_channels(channels, services, loaded.secrets);
  return dump_channel(channels.front(), services, request.from, request.rows, loaded.secrets);
}

}  // namespace levada::agent

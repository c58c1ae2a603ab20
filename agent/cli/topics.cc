// levada topics: makes the topics of a broker as the sinks of a configuration declare them. The
// plugins of the sinks do it.
#include "agent/cli/topics.h"

#include <algorithm>
#include <cstdio>

#include "agent/cli/configuration.h"
#include "agent/cli/exit_code.h"
#include "agent/config/nearest.h"
#include "agent/plugin_host/component_command.h"
#include "levada/topics.h"

namespace levada::agent {
namespace {

// Puts into `text` what the sink gives: nothing where it declares no topics.
Done ask(const SinkConfig& config, const std::string& data_dir, const std::string& what, std::string& text) {
  SystemServices system;
  auto instance = Instance::create(config, system.services(), data_dir, false);
  if (!instance) return std::move(instance).error();
  if (!(*instance)->extension(LEVADA_TOPICS)) return {};
  const auto write = [&](std::string_view part) { text += part; };
  return run_command(**instance, LEVADA_TOPICS, {what}, write);
}

}  // namespace

int topics(const TopicsRequest& request) {
  Diagnostics diagnostics;
  const auto loaded = load_configuration(request.config, diagnostics);
  if (refused(diagnostics)) return kBadConfiguration;
  bool any = false, is_good = true;
  std::vector<std::string> names;
  for (const auto& sink : loaded.topology.sinks) {
    names.push_back(sink.name);
    if (!request.sink.empty() && sink.name != request.sink) continue;
    std::string text;
    const Done answer = ask(sink, loaded.agent.data_dir, request.what, text);
    if (answer && text.empty()) continue;
    any = true;
    std::printf("%s\n%s", sink.path.c_str(), loaded.secrets.hide(text).c_str());
    if (answer) continue;
    is_good = false;
    std::fflush(stdout);
    std::fprintf(stderr, "%s: %s\n", sink.path.c_str(), loaded.secrets.hide(answer.error().message).c_str());
  }
  if (any) return is_good ? kOk : kFailed;
  if (!request.sink.empty() && std::find(names.begin(), names.end(), request.sink) == names.end())
    std::fprintf(stderr, "%s has no sink \"%s\"%s\n", request.config.c_str(), request.sink.c_str(),
                 did_you_mean(request.sink, names).c_str());
  else
    std::fprintf(stderr, "%s declares no topics: a sink does it with a table [sinks.NAME.topics.TOPIC]\n",
                 request.config.c_str());
  return kBadConfiguration;
}

}  // namespace levada::agent

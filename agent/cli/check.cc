// levada check: everything that can be known without touching anything outside.
#include <cstdio>

#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/cli/reload/check_process.h"
#include "agent/pipeline/pipeline_builder.h"

namespace levada::agent {
namespace {

std::string counted(size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

int check_configuration(const std::string& path, bool for_an_agent) {
  Diagnostics diagnostics;
  const auto loaded = load_configuration(path, diagnostics);
  SystemServices system;
  SharedStores stores(system.services(), loaded.agent);
  const auto pipeline = PipelineBuilder(loaded.agent, loaded.topology, system.services(), stores, false, diagnostics)
                            .build(whole_of(loaded.topology));
  if (for_an_agent) tell_of_plugins();
  if (refused(diagnostics)) return kBadConfiguration;
  for (const auto& exception : pipeline->exceptions()) std::printf("%s\n", exception.c_str());
  const Topology& all = loaded.topology;
  std::printf("%s: good: %s, %s, %s, %s\n", path.c_str(), counted(all.sources.size(), "source").c_str(),
              counted(all.interceptors.size(), "interceptor").c_str(), counted(all.channels.size(), "channel").c_str(),
              counted(all.sinks.size(), "sink").c_str());
  return kOk;
}

}  // namespace levada::agent

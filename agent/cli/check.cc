// levada check: everything that can be known without touching anything outside.
#include <cstdio>

#include "agent/cli/commands.h"
#include "agent/cli/configuration.h"
#include "agent/pipeline/pipeline.h"

namespace levada::agent {

int check_configuration(const std::string& path) {
  Diagnostics diagnostics;
  const auto loaded = load_configuration(path, diagnostics);
  Metrics metrics;
  const auto pipeline = Pipeline::create(loaded.agent, loaded.topology, system_services(metrics), false, diagnostics);
  if (!diagnostics.empty()) {
    std::fputs(diagnostics.text().c_str(), stderr);
    return kBadConfiguration;
  }
  for (const auto& reason : pipeline->at_least_once()) std::printf("at least once: %s\n", reason.c_str());
  std::printf("%s: good: %zu sources, %zu interceptors, %zu channels, %zu sinks\n", path.c_str(), loaded.topology.sources.size(),
              loaded.topology.interceptors.size(), loaded.topology.channels.size(), loaded.topology.sinks.size());
  return kOk;
}

}  // namespace levada::agent

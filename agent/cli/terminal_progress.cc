#include "agent/cli/terminal_progress.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "agent/env/system_clock.h"
#include "agent/observe/log.h"

namespace levada::agent {
namespace {

constexpr const char* kClear = "\r\x1b[K";

std::chrono::nanoseconds monotonic() { return std::chrono::nanoseconds(system_clock()->monotonic(nullptr)); }

std::vector<std::string> paths_of(const std::vector<SourceConfig>& sources) {
  std::vector<std::string> paths;
  for (const auto& source : sources) paths.push_back(source.path);
  return paths;
}

}  // namespace

TerminalProgress::TerminalProgress(const Topology& topology, const SystemServices& system, bool until_drained)
    : line_(system.metrics(), system.backlogs(), paths_of(topology.sources), monotonic()),
      is_shown_(until_drained && ::isatty(STDERR_FILENO) != 0) {
  if (is_shown_) set_log_line_start(kClear);
}

TerminalProgress::~TerminalProgress() {
  if (!is_shown_) return;
  set_log_line_start("");
  std::fputs(kClear, stderr);
}

void TerminalProgress::show() {
  if (is_shown_) std::fputs((kClear + line_.text(monotonic())).c_str(), stderr);
}

}  // namespace levada::agent

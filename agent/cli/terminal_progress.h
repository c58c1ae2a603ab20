// Of a run to the end, on a terminal: one line at its bottom, below the log.
#pragma once

#include "agent/cli/progress_line.h"
#include "agent/config/topology.h"
#include "agent/plugin_host/context.h"

namespace levada::agent {

class TerminalProgress {
 public:
  // Without a terminal, and in a run without an end, it shows nothing.
  TerminalProgress(const Topology& topology, const SystemServices& system, bool until_drained);
  ~TerminalProgress();
  TerminalProgress(const TerminalProgress&) = delete;
  TerminalProgress& operator=(const TerminalProgress&) = delete;

  void show();

 private:
  ProgressLine line_;
  const bool is_shown_;
};

}  // namespace levada::agent
